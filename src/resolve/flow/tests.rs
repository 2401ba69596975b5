//! Small programs: several files in one string, and what each site on a line that ends with `# here` resolves to.
//!
//! `Store.load` leads to a blocking call in every fixture; `Other.load` does not.

mod boxes;
mod containers;
mod doubted;
mod foreign;
mod modules;
mod names;
mod narrowed;
mod said;
mod sources;

use std::path::Path;

use crate::analysis;
use crate::config::flags::Flags;
use crate::index::facts::*;
use crate::report::words;

const CODEMOD: &str = "[[blocking]]\nreceiver = [\"db\"]\n[[blocking]]\nclass = \"layer.Layer\"\n";

const STORES: &str = "\
class Store:
    def load(self, key):
        return db.get(key)

class Other:
    def load(self, key):
        return 2
";

/// Writes the files to a folder, analyzes it, and lists the sites on the marked lines.
fn resolved(fixture: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &format!("#- awaitify.toml\ncodemods = [\"./c.toml\"]\n#- c.toml\n{CODEMOD}#- stores.py\n{STORES}"),
    );
    write(folder.path(), fixture);
    let analysis = analysis::analyze(&[folder.path().to_path_buf()], &Flags::default()).unwrap();
    let mut lines = vec![];
    for (file, facts) in analysis.index.loaded_files() {
        let source = &analysis.project.file(file);
        let text = std::fs::read_to_string(&source.path).unwrap();
        for (index, site) in facts.refs.iter().enumerate() {
            let at = usize::from(site.name_range.start());
            let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
            if !text[..end].ends_with("# here") || !analysis.graph.names.contains(&site.name) {
                continue;
            }
            let line = text[..at].matches('\n').count() + 1;
            let id = RefId { file, index: index as u32 };
            let found = match analysis.graph.sites.get(&id) {
                Some(site) => {
                    let names = analysis.world().names();
                    let targets: Vec<String> =
                        site.targets.iter().map(|target| names.qualified_func(*target)).collect();
                    let how = if site.uncertain { "uncertain" } else { words::evidence(site.evidence) };
                    format!("{} [{how}]", targets.join(" | "))
                }
                None if analysis.graph.foreign.contains_key(&id) => "foreign".to_owned(),
                None => "nothing".to_owned(),
            };
            lines.push(format!("{}@{}:{line} -> {found}", site.name, source.relative));
        }
    }
    lines.join("\n")
}

fn write(folder: &Path, files: &str) {
    for part in files.split("#- ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap();
        let path = folder.join(name.trim());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Compares the listing with what is expected, a line a site, without the names of the sites when there is one.
#[track_caller]
fn check(fixture: &str, expected: &str) {
    let found = resolved(fixture);
    let short = found.lines().map(|line| line.split_once(" -> ").unwrap().1).collect::<Vec<_>>().join("\n");
    assert_eq!(short, expected.trim(), "all sites:\n{found}");
}

const EXACT: &str = "stores.Store.load [flow]";
