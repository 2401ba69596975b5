//! AW704: `asyncio` is used where nothing binds it, or imported where nothing uses it: what an edit by hand leaves behind.

use ruff_text_size::{Ranged, TextRange};

use super::code::Code;
use super::parsed::{Parsed, Scan};
use super::{Detail, Finding};
use crate::resolve::names::Meaning;

/// Looks at the imports of one file.
pub fn find(parsed: &Parsed, scan: &mut Scan) {
    if !parsed.text.contains("asyncio") {
        return;
    }
    let (world, facts) = (parsed.world, parsed.facts);
    let finding = |range: TextRange, name: &str| Finding {
        code: Code::AsyncioImport,
        file: parsed.file,
        range,
        detail: Detail::Name(name.to_owned()),
    };
    for site in facts.refs.iter().filter(|site| site.name == "asyncio" && site.receiver.is_none()) {
        scan.counts.asyncio_uses += 1;
        let scope = facts[site.context].scope;
        if world.names().lookup(scope, "asyncio") == [Meaning::External("builtins.asyncio".into())] {
            scan.findings.push(finding(site.range, "used"));
            return;
        }
    }
    let relative = &world.project.file(parsed.file).relative;
    if relative.ends_with("__init__.py") || !facts.exports.is_empty() {
        return;
    }
    for import in &facts.imports {
        let is_asyncio = import.module.as_deref() == Some("asyncio") && import.name.is_none() && import.level == 0;
        let bound = import.alias.as_ref().unwrap_or(&import.binds);
        let is_used = || {
            world.index.refs_in(parsed.file, bound).any(|id| world.index.site(id).receiver.is_none())
                || parsed.text.matches(bound.as_str()).count() > 1 + usize::from(import.alias.is_some())
        };
        // Others may take the name from here.
        let is_taken = || world.index.imports_of(bound).iter().any(|(file, _)| *file != parsed.file);
        if is_asyncio && !is_used() && !is_taken() {
            scan.findings.push(finding(import.range.range(), "imported"));
        }
    }
}
