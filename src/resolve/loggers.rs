//! Loggers, by what everybody calls them: `self.log.info(...)` is no method `info` of a class that has nothing to do with logs.

use super::builder::Builder;
use super::hierarchy::BaseClass;
use crate::index::facts::*;

/// What the standard library's loggers have, and those that are made in their image.
const METHODS: [&str; 26] = [
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "critical",
    "exception",
    "fatal",
    "log",
    "trace",
    "success",
    "msg",
    "setLevel",
    "isEnabledFor",
    "getEffectiveLevel",
    "addHandler",
    "removeHandler",
    "hasHandlers",
    "getChild",
    "bind",
    "unbind",
    "new",
    "opt",
    "contextualize",
    "adebug",
    "ainfo",
];

/// Leaves out the methods of classes that are no loggers, by their names and those of their bases.
pub(super) fn leave_out(builder: &mut Builder, id: RefId, candidates: &mut Vec<FuncId>) {
    let site = builder.index.site(id);
    let receiver = site.receiver.filter(|_| METHODS.contains(&site.name.as_str()));
    if !receiver.is_some_and(|receiver| names_logger(builder, receiver)) {
        return;
    }
    let kept = candidates.drain(..).filter(|func| match builder.index.func(*func).class {
        Some(class) => {
            builder.index_close(class);
            let hierarchy = &builder.graph.hierarchy;
            let names = |class: &ClassId| is_of_logs(&builder.index.class(*class).name);
            hierarchy.ancestors(class).iter().chain(&hierarchy.descendants(class)).any(names)
                || hierarchy.external_bases(class).iter().any(|(_, base)| match base {
                    BaseClass::External(path) => is_of_logs(path),
                    BaseClass::Unknown => true,
                    BaseClass::Class(_) => false,
                })
        }
        None => is_of_logs(&builder.project.file(func.file).module),
    });
    *candidates = kept.collect();
}

/// `(log or logger)`: each of them.
fn names_logger(builder: &Builder, receiver: ValueId) -> bool {
    match builder.index.value(receiver) {
        Value::Either(sides) => sides.iter().all(|side| names_logger(builder, *side)),
        _ => builder.names().last_name(receiver).is_some_and(is_logger_name),
    }
}

/// `log`, `LOGGER`, `_logger`, `access_log`, `get_logger()`.
fn is_logger_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.trim_start_matches('_'), "log" | "logger" | "logging" | "getlogger")
        || name.ends_with("_log")
        || name.ends_with("_logger")
}

fn is_of_logs(name: &str) -> bool {
    name.to_ascii_lowercase().contains("log")
}
