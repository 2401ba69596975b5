//! Methods that functions of the standard library run on what they are given: `print(x, file=log)` runs `log.write`.

use ruff_python_ast::{self as ast, Expr};

use super::spelled::Spelled;

/// A function that runs methods of an argument.
struct Runs {
    function: &'static str,
    /// The module, where the name of the function alone says too little.
    module: &'static [&'static str],
    position: Option<usize>,
    keyword: &'static str,
    methods: &'static [&'static str],
}

const fn runs_on(
    (module, function): (&'static [&'static str], &'static str),
    (position, keyword): (Option<usize>, &'static str),
    methods: &'static [&'static str],
) -> Runs {
    Runs { function, module, position, keyword, methods }
}

const ANY: &[&str] = &[];
const WRITES: &[&str] = &["write", "flush"];
const FORMATS: &[&str] = &[
    "json",
    "simplejson",
    "ujson",
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "yaml",
    "toml",
    "tomllib",
    "tomli",
    "tomli_w",
    "plistlib",
];
const PICKLES: &[&str] = &["pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib"];
const STATE: &[&str] = &["__reduce_ex__", "__reduce__", "__getstate__"];
const COPIES: &[&str] = &["__reduce_ex__", "__reduce__", "__getstate__", "__setstate__"];

const TABLE: [Runs; 38] = [
    runs_on((ANY, "closing"), (Some(0), "thing"), &["close"]),
    runs_on((ANY, "print"), (None, "file"), WRITES),
    runs_on((ANY, "redirect_stdout"), (Some(0), "new_target"), WRITES),
    runs_on((ANY, "redirect_stderr"), (Some(0), "new_target"), WRITES),
    runs_on((ANY, "print_exc"), (None, "file"), WRITES),
    runs_on((ANY, "print_exception"), (None, "file"), WRITES),
    runs_on((ANY, "pprint"), (Some(1), "stream"), WRITES),
    runs_on((ANY, "StreamHandler"), (Some(0), "stream"), WRITES),
    runs_on((ANY, "basicConfig"), (None, "stream"), WRITES),
    runs_on((ANY, "addFilter"), (Some(0), "filter"), &["filter"]),
    runs_on((FORMATS, "dump"), (Some(1), "fp"), WRITES),
    runs_on((FORMATS, "dump"), (None, "file"), WRITES),
    runs_on((FORMATS, "dump"), (None, "stream"), WRITES),
    runs_on((&["yaml"], "safe_dump"), (Some(1), "stream"), WRITES),
    runs_on((FORMATS, "load"), (Some(0), "fp"), &["read", "readline"]),
    runs_on((FORMATS, "load"), (None, "file"), &["read", "readline"]),
    runs_on((&["yaml"], "safe_load"), (Some(0), "stream"), &["read"]),
    runs_on((PICKLES, "dump"), (Some(0), "obj"), STATE),
    runs_on((PICKLES, "dumps"), (Some(0), "obj"), STATE),
    runs_on((PICKLES, "Pickler"), (Some(0), "file"), &["write"]),
    runs_on((PICKLES, "Unpickler"), (Some(0), "file"), &["read", "readline"]),
    runs_on((ANY, "print_stack"), (None, "file"), WRITES),
    runs_on((ANY, "print_tb"), (None, "file"), WRITES),
    runs_on((ANY, "PrettyPrinter"), (None, "stream"), WRITES),
    runs_on((ANY, "TextIOWrapper"), (Some(0), "buffer"), &["write", "flush", "read", "close"]),
    runs_on((ANY, "GzipFile"), (None, "fileobj"), &["write", "flush", "read"]),
    runs_on((ANY, "read_file"), (Some(0), "f"), &["__iter__"]),
    runs_on((&["csv"], "writer"), (Some(0), "csvfile"), &["write"]),
    runs_on((&["csv"], "reader"), (Some(0), "csvfile"), &["__iter__"]),
    runs_on((&["csv"], "DictWriter"), (Some(0), "f"), &["write"]),
    runs_on((&["csv"], "DictReader"), (Some(0), "f"), &["__iter__"]),
    runs_on((&["shutil"], "copyfileobj"), (Some(0), "fsrc"), &["read"]),
    runs_on((&["shutil"], "copyfileobj"), (Some(1), "fdst"), &["write"]),
    runs_on((&["copy"], "copy"), (Some(0), "x"), &["__copy__"]),
    runs_on((&["copy"], "deepcopy"), (Some(0), "x"), &["__deepcopy__"]),
    runs_on((&["copy"], "copy"), (Some(0), "x"), COPIES),
    runs_on((&["copy"], "deepcopy"), (Some(0), "x"), COPIES),
    runs_on((&["dataclasses", "copy"], "replace"), (Some(0), "obj"), &["__post_init__"]),
];

/// Does the function, by its dotted path, only keep what it is given, and run the methods later?
pub(crate) fn runs_later(path: &str) -> bool {
    const KEEPING: [&str; 15] = [
        "contextlib.closing",
        "contextlib.redirect_stdout",
        "contextlib.redirect_stderr",
        "csv.reader",
        "csv.writer",
        "csv.DictReader",
        "csv.DictWriter",
        "logging.StreamHandler",
        "pprint.PrettyPrinter",
        "pickle.Pickler",
        "pickle.Unpickler",
        "io.TextIOWrapper",
        "gzip.GzipFile",
        "_csv.reader",
        "_csv.writer",
    ];
    KEEPING.contains(&path)
}

/// Are there functions that run a method of this name, which operators do not?
pub(super) fn is_run(method: &str) -> bool {
    (!method.starts_with("__") || method == "__post_init__")
        && TABLE.iter().any(|entry| entry.methods.contains(&method))
}

/// The names of functions that run a method of this name.
pub(super) fn words(method: &str) -> impl Iterator<Item = &'static str> {
    let entries = TABLE.iter().filter(move |entry| entry.methods.contains(&method));
    entries.map(|entry| entry.function).chain(["stdout", "stderr"])
}

/// What a call runs of its arguments.
pub(super) fn runs(call: &ast::ExprCall, spelled: &Spelled, mut note: impl FnMut(&Expr, &'static str)) {
    let Some((module, function)) = spelled.callee(&call.func) else { return };
    for entry in TABLE.iter().filter(|entry| entry.function == function) {
        if !entry.module.is_empty() && !module.is_some_and(|name| entry.module.contains(&name)) {
            continue;
        }
        let arguments = &call.arguments;
        let keyword = arguments.find_keyword(entry.keyword).map(|keyword| &keyword.value);
        let positional = || entry.position.and_then(|at| arguments.args.get(at));
        let Some(arg) = keyword.or_else(positional) else { continue };
        entry.methods.iter().for_each(|method| note(arg, method));
    }
}
