//! Methods that Python, or a class from outside, runs by their names.

use super::World;
use super::cause::Cause;
use crate::index::facts::*;
use crate::resolve::hierarchy::{self, BaseClass};
use crate::resolve::site::is_constructor;
use crate::resolve::{Evidence, operators};

/// Bases that say nothing about who calls the methods.
const PLAIN_BASES: [&str; 14] = [
    "builtins.object",
    "abc.ABC",
    "typing.Generic",
    "typing.Protocol",
    "typing.NamedTuple",
    "typing.TypedDict",
    "typing_extensions.Protocol",
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "builtins.Exception",
    "pydantic.BaseModel",
    "pydantic_settings.BaseSettings",
    "sqlalchemy.orm.DeclarativeBase",
];

/// Bases whose own methods run the special methods of what is below them.
const MIXINS: [&str; 15] = [
    "Mapping",
    "MutableMapping",
    "UserDict",
    "Sequence",
    "MutableSequence",
    "UserList",
    "Set",
    "MutableSet",
    "AbstractSet",
    "Collection",
    "type",
    "EnumMeta",
    "EnumType",
    "ABCMeta",
    "UserString",
];

/// What `import` asks of the finders on `sys.meta_path` and `sys.path_hooks` and of their loaders (PEP 302, PEP 451).
const FINDS_AND_LOADS: [&str; 6] =
    ["find_spec", "find_module", "find_loader", "create_module", "exec_module", "load_module"];
/// What it and the tools around it ask of a loader beside that.
const OF_LOADERS: [&str; 6] =
    ["get_data", "get_code", "get_source", "get_filename", "is_package", "get_resource_reader"];

/// Does `import` run it? The names are common ones, so the class has two of those that finders and loaders have, at least.
fn is_import_hook(world: World, class: ClassId, name: &str) -> bool {
    if !FINDS_AND_LOADS.contains(&name) && !OF_LOADERS.contains(&name) {
        return false;
    }
    let classes = world.graph.hierarchy.ancestors(class);
    let has = |wanted: &str| classes.iter().any(|id| hierarchy::method(world.index, *id, wanted).is_some());
    let found = FINDS_AND_LOADS.into_iter().filter(|wanted| has(wanted)).count();
    found > 1 || found == 1 && OF_LOADERS.into_iter().any(has)
}

/// Does Python run it where nothing names it and no operator stands: when an object goes away, a class is made, a missing member of
/// a module or an enumeration is looked for, a module is imported, or a base from outside does it?
pub(super) fn is_run_unseen(world: World, func: FuncId) -> bool {
    let facts = world.index.func(func);
    let name = facts.name.as_str();
    let Some(class) = facts.class else {
        return facts.parent.is_none() && matches!(name, "__getattr__" | "__dir__");
    };
    let derives =
        |wanted: &str| world.graph.hierarchy.external_bases(class).into_iter().any(|(_, base)| base.is_named(wanted));
    if matches!(name, "_missing_" | "_generate_next_value_") {
        return ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"].iter().any(|base| derives(base));
    }
    if is_import_hook(world, class, name) {
        return true;
    }
    let is_own = matches!(name, "__enter__" | "__exit__" | "__call__" | "__iter__" | "__next__" | "__aiter__")
        || operators::is_looked_for(name);
    is_dunder(name) && !is_constructor(name) && (!is_own || MIXINS.iter().any(|base| derives(base)))
}

pub(super) fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// Nothing in the tree calls the method, and a base outside the tree may. Tests say so only where scopes or types tell
/// what they call: their `client.post(...)` may be anything.
pub(super) fn called_by_base(world: World, func: FuncId) -> Option<Cause> {
    let class = world.index.func(func).class?;
    if found_by_base(world, class, &world.index.func(func).name) {
        return Some(Cause::CalledByBase);
    }
    let foreign = world.graph.hierarchy.external_bases(class).into_iter().any(|(_, base)| match base {
        BaseClass::External(path) => !PLAIN_BASES.contains(&path.as_str()),
        BaseClass::Unknown => true,
        BaseClass::Class(_) => false,
    });
    let calls = |id: &RefId| {
        let site = &world.graph.sites[id];
        let is_told = !world.in_tests(id.file) || site.evidence < Evidence::Flow;
        !site.uncertain && is_told && world.owner(*id) != Some(func)
    };
    let is_called = || world.graph.sites_of(func).iter().any(calls);
    (foreign && !is_called()).then_some(Cause::CalledByBase)
}

/// Classes that look up methods of those below them by names, whoever else calls them: the package, the class, and the names (with
/// `*` at the end for more).
const FOUND_BY_BASE: [(&str, &str, &[&str]); 9] = [
    ("cmd", "Cmd", &["do_*", "help_*", "complete_*"]),
    ("http", "BaseHTTPRequestHandler", &["do_*"]),
    ("http", "SimpleHTTPRequestHandler", &["do_*"]),
    ("html", "HTMLParser", &["handle_*"]),
    ("ast", "NodeVisitor", &["visit_*"]),
    ("ast", "NodeTransformer", &["visit_*"]),
    ("django", "BaseCommand", &["handle", "add_arguments"]),
    ("django", "Model", &["save", "delete", "clean", "full_clean", "get_absolute_url"]),
    ("pydantic", "BaseModel", &["model_post_init"]),
];

fn found_by_base(world: World, class: ClassId, name: &str) -> bool {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let is_meant = |path: &str| {
        let ends = |(package, class): (&str, &str)| {
            path.split('.').next() == Some(package) && path.rsplit('.').next() == Some(class)
        };
        FOUND_BY_BASE
            .iter()
            .any(|(package, class, names)| ends((package, class)) && names.iter().any(|pattern| fits(pattern)))
    };
    let bases = world.graph.hierarchy.external_bases(class);
    bases.iter().any(|(_, base)| matches!(base, BaseClass::External(path) if is_meant(path)))
}
