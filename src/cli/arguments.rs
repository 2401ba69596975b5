//! Flags back to the words that they are typed as: what a saved plan keeps, so that it can be planned anew.

use std::path::{Path, absolute};

use clap::ValueEnum;

use super::options::{KeepGoing, Overrides, Selection};

/// The words that make `diff` look at the same files with the same settings, from whatever folder. Which groups are chosen
/// is not in them.
pub fn arguments(selection: &Selection, overrides: &Overrides) -> Vec<String> {
    let Selection { paths, exclude, since, only: _, keep_going } = selection;
    let Overrides {
        config,
        codemod,
        reach,
        offload,
        uncertain,
        exported,
        offload_project,
        tests,
        fallback,
        target_version,
        keep_sync,
        python,
        no_bridge,
        allow_unsafe,
    } = overrides;
    let mut words: Vec<String> = paths.iter().map(|path| everywhere(path)).collect();
    let mut flag = |name: &str, value: String| words.push(format!("--{name}={value}"));
    exclude.iter().for_each(|glob| flag("exclude", glob.clone()));
    since.iter().for_each(|revision| flag("since", revision.clone()));
    if *keep_going == KeepGoing::No {
        flag("keep-going", word(keep_going));
    }
    config.iter().for_each(|path| flag("config", everywhere(path)));
    codemod.iter().for_each(|name| flag("codemod", codemod_everywhere(name)));
    reach.iter().for_each(|value| flag("reach", word(value)));
    offload.iter().for_each(|value| flag("offload", value.to_string()));
    uncertain.iter().for_each(|value| flag("uncertain", word(value)));
    exported.iter().for_each(|value| flag("exported", word(value)));
    offload_project.iter().for_each(|value| flag("offload-project", word(value)));
    tests.iter().for_each(|value| flag("tests", word(value)));
    fallback.iter().for_each(|value| flag("fallback", word(value)));
    target_version.iter().for_each(|value| flag("target-version", value.to_string()));
    keep_sync.iter().for_each(|name| flag("keep-sync", name.clone()));
    python.iter().for_each(|path| flag("python", everywhere(path)));
    words.extend(no_bridge.then(|| "--no-bridge".to_owned()));
    words.extend(allow_unsafe.then(|| "--unsafe".to_owned()));
    words
}

fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The path from the root of the file system.
fn everywhere(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.to_path_buf()).to_string_lossy().into_owned()
}

/// A codemod of the user's own is a path, a built-in one is a name.
fn codemod_everywhere(name: &str) -> String {
    let path = Path::new(name);
    if path.is_file() { everywhere(path) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::{Args, Command, DiffArgs};
    use crate::config::flags::Flags;

    const ALL: &str = "/src /lib --exclude=gen/ --exclude=x.py --since=main --keep-going=no --config=/c.toml \
                       --codemod=requests --codemod=fastapi --reach=async --offload=app.io:run --uncertain=report \
                       --exported=keep --offload-project=readonly --tests=ignore --fallback=raise \
                       --target-version=3.11 --keep-sync=a.* --keep-sync=b --python=/venv --no-bridge --unsafe";

    fn parse(words: &[String]) -> DiffArgs {
        let words = ["awaitify", "diff"].into_iter().chain(words.iter().map(String::as_str));
        match Args::try_parse_from(words).unwrap().command {
            Command::Diff(diff) => diff,
            other => panic!("{other:?}"),
        }
    }

    fn flags(diff: &DiffArgs) -> Flags {
        diff.overrides.flags(&diff.selection)
    }

    #[test]
    fn words_come_back_as_they_were() {
        let words: Vec<String> = ALL.split_whitespace().map(str::to_owned).collect();
        let diff = parse(&words);
        assert_eq!(arguments(&diff.selection, &diff.overrides), words);
        for carrier in ["asyncio", "anyio", "starlette", "asgiref"] {
            let diff = parse(&[format!("--offload={carrier}")]);
            assert_eq!(flags(&parse(&arguments(&diff.selection, &diff.overrides))), flags(&diff));
        }
    }

    /// The line above has every flag that changes what is planned.
    #[test]
    fn no_flag_is_forgotten() {
        let command = Args::command();
        let diff = command.find_subcommand("diff").unwrap();
        let matters = |heading: &str| heading == "Selection" || heading.starts_with("Config");
        for argument in diff.get_arguments().filter(|argument| argument.get_help_heading().is_some_and(matters)) {
            let flag = argument.get_long().unwrap();
            assert!(ALL.contains(&format!("--{flag}")) || flag == "only", "--{flag}");
        }
    }
}
