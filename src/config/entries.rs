//! Reads what a codemod declares: `[[blocking]]`, `[[accepts_async]]`, `threaded`, `[[found_by_name]]` and `[[rename]]`, in a
//! codemod file or in the config itself.

use std::ops::Range;

use toml::de::DeTable;

use ruff_python_stdlib::identifiers::is_identifier;

use super::reader::{Fields, Reader, Text};
use super::{AcceptsAsync, Blocking, BlockingAction, Codemod, FoundByName, Names, Parameters, Rename, filled};

pub(super) const BLOCKING: &str = "blocking";
pub(super) const ACCEPTS_ASYNC: &str = "accepts_async";
pub(super) const THREADED: &str = "threaded";
pub(super) const FOUND_BY_NAME: &str = "found_by_name";
pub(super) const RENAME: &str = "rename";
const CHECK_ONLY: &str = "check-only";
const LAZY: &str = "lazy";
const ON_LOOP: &str = "on_loop";
pub(super) const COMMANDS: &str = "commands";

impl Codemod {
    /// True when it declares nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.blocking.is_empty()
            && self.accepts_async.is_empty()
            && self.threaded.is_none()
            && self.found_by_name.is_empty()
            && self.renames.is_empty()
            && self.commands.is_none()
            && !self.rewrites_run_fallbacks
    }
}

/// Reads the entries among `fields` into a codemod of that name. What is wrong goes to the reader, and is left out.
pub(super) fn read<'t>(reader: &mut Reader<'t>, fields: &Fields<'_, 't>, codemod: &str) -> Codemod {
    let mut read = Codemod { name: codemod.to_owned(), ..Codemod::default() };
    for (span, table) in reader.tables(fields, BLOCKING) {
        read.blocking.extend(read_blocking(reader, &span, table, codemod));
    }
    for (span, table) in reader.tables(fields, ACCEPTS_ASYNC) {
        read.accepts_async.extend(read_accepts_async(reader, &span, table, codemod));
    }
    read.threaded = reader.names(fields, THREADED);
    read.commands = reader.names(fields, COMMANDS);
    for (span, table) in reader.tables(fields, FOUND_BY_NAME) {
        read.found_by_name.extend(read_found_by_name(reader, &span, table, codemod));
    }
    for (span, table) in reader.tables(fields, RENAME) {
        read.renames.extend(read_rename(reader, &span, table, codemod));
    }
    read
}

fn read_blocking<'t>(
    reader: &mut Reader<'t>,
    span: &Range<usize>,
    table: &DeTable<'t>,
    codemod: &str,
) -> Option<Blocking> {
    let fields = reader
        .fields(table, &["receiver", "class", "function", "method", "native", "replace", "reach", CHECK_ONLY, LAZY]);
    if ["receiver", "class", "function"].iter().all(|key| fields.get(key).is_none()) {
        reader.missing(span, &fields, "`blocking` needs `receiver`, `class` or `function` to say what blocks");
        return None;
    }
    let receiver = reader.names(&fields, "receiver");
    let class = reader.names(&fields, "class");
    let function = reader.names(&fields, "function");
    let only_functions = fields.get("receiver").is_none() && fields.get("class").is_none();
    if only_functions && fields.get("method").is_some() {
        reader.problem(
            span,
            "`method` says which methods of a `receiver` or `class` block; with `function` alone remove it",
        );
        return None;
    }
    let method = match fields.get("method") {
        Some(_) => reader.names(&fields, "method")?,
        None => every_name(),
    };
    let action = read_action(reader, &fields, span, only_functions)?;
    let lazy = reader.boolean(&fields, LAZY).unwrap_or_default();
    if lazy && action != BlockingAction::Offload {
        reader.problem(
            span,
            "`lazy` is for calls that go to a thread; remove it, or `native`, `replace` and `check-only`",
        );
        return None;
    }
    let reach = reader.word(&fields, "reach");
    Some(Blocking { codemod: codemod.to_owned(), receiver, class, function, method, action, lazy, reach })
}

fn every_name() -> Names {
    Names::new(["*".to_owned()]).expect("`*` is a glob")
}

fn read_action<'t>(
    reader: &mut Reader<'t>,
    fields: &Fields<'_, 't>,
    span: &Range<usize>,
    only_functions: bool,
) -> Option<BlockingAction> {
    let check_only = reader.boolean(fields, CHECK_ONLY).unwrap_or_default();
    match (reader.string(fields, "native"), reader.string(fields, "replace")) {
        (None, None) if check_only => Some(BlockingAction::Tell),
        (None, None) => Some(BlockingAction::Offload),
        _ if check_only => {
            reader
                .problem(span, "`check-only` leaves the call as it is; remove `native` and `replace`, or `check-only`");
            None
        }
        (Some(_), Some(_)) => {
            reader.problem(span, "`native` and `replace` exclude each other; keep one");
            None
        }
        (Some(native), None) if only_functions => {
            reader.problem(
                &native.span(),
                "`native` names a method of a `receiver` or `class`; for a `function` use `replace`",
            );
            None
        }
        (Some(native), None) if !is_identifier(&native.get_ref().replace("{name}", "name")) => {
            let message =
                format!("`native` cannot be `{}`; write a method name, as `async_{{name}}`", native.get_ref());
            reader.problem(&native.span(), message);
            None
        }
        (Some(native), None) => Some(BlockingAction::Native { template: native.into_inner() }),
        (None, Some(replace)) => read_replace(reader, replace, only_functions),
    }
}

fn read_replace(reader: &mut Reader<'_>, replace: Text, only_functions: bool) -> Option<BlockingAction> {
    let template = replace.get_ref().clone();
    let plain = filled(&template, "module.name");
    if plain != template && !only_functions {
        let message =
            "`{module}` and `{name}` stand for those of a `function`; with a `receiver` or `class` use `native`";
        reader.problem(&replace.span(), message);
        return None;
    }
    let function = Text::new(replace.span(), plain.clone());
    dotted(reader, "replace", function, "asyncio.sleep")?;
    Some(BlockingAction::Replace { function: template })
}

fn read_accepts_async<'t>(
    reader: &mut Reader<'t>,
    span: &Range<usize>,
    table: &DeTable<'t>,
    codemod: &str,
) -> Option<AcceptsAsync> {
    let fields = reader.fields(table, &["decorator", "parameter", "awaitable", "method", ON_LOOP]);
    let decorator = reader.names(&fields, "decorator");
    let parameter = reader.names(&fields, "parameter");
    let awaitable = reader.names(&fields, "awaitable");
    let method = reader.names(&fields, "method");
    if ["decorator", "parameter", "awaitable", "method"].iter().all(|key| fields.get(key).is_none()) {
        reader.missing(
            span,
            &fields,
            "`accepts_async` needs `decorator`, `parameter`, `awaitable` or `method` to say what may be async",
        );
        return None;
    }
    for (key, names) in [("parameter", &parameter), ("awaitable", &awaitable)] {
        for pattern in names.iter().flat_map(|names| &names.patterns).filter(|pattern| !pattern.contains(':')) {
            let message = format!("`{key}` cannot be `{pattern}`; write `pkg.function:parameter`");
            reader.problem(&fields.get(key)?.span(), message);
        }
    }
    let on_loop = reader.boolean(&fields, ON_LOOP).unwrap_or_default();
    Some(AcceptsAsync { codemod: codemod.to_owned(), decorator, parameter, awaitable, method, on_loop })
}

fn read_found_by_name<'t>(
    reader: &mut Reader<'t>,
    span: &Range<usize>,
    table: &DeTable<'t>,
    codemod: &str,
) -> Option<FoundByName> {
    let fields = reader.fields(table, &["function", "file", "binds", "parameters"]);
    if fields.get("function").is_none() {
        reader.missing(span, &fields, "`found_by_name` needs `function` to say which functions are called");
        return None;
    }
    let function = reader.names(&fields, "function")?;
    let file = reader.names(&fields, "file");
    let texts = |texts: Vec<Text>| texts.into_iter().map(Text::into_inner).collect::<Vec<String>>();
    let binds = reader.strings(&fields, "binds").map(texts).unwrap_or_default();
    let mut parameters = reader.strings(&fields, "parameters").map(texts);
    let more = parameters.as_mut().and_then(|names| names.pop_if(|name| name == "..."));
    let parameters = match parameters.map(|names| names.into_iter().map(|name| Names::new([name])).collect()) {
        Some(Ok(names)) => Some(Parameters { names, is_open: more.is_some() }),
        Some(Err(message)) => {
            reader.problem(&fields.get("parameters")?.span(), format!("`parameters`: {message}"));
            return None;
        }
        None => None,
    };
    Some(FoundByName { codemod: codemod.to_owned(), function, file, binds, parameters })
}

fn read_rename<'t>(reader: &mut Reader<'t>, span: &Range<usize>, table: &DeTable<'t>, codemod: &str) -> Option<Rename> {
    let fields = reader.fields(table, &["from", "to"]);
    if fields.get("from").is_none() || fields.get("to").is_none() {
        reader.missing(span, &fields, "`rename` needs `from` and `to`");
        return None;
    }
    let from = reader.string(&fields, "from")?;
    let to = reader.string(&fields, "to")?;
    let place = Some(reader.place(&from.span()));
    let from = path_of_names(reader, "from", from)?;
    let to = path_of_names(reader, "to", to)?;
    Some(Rename { codemod: codemod.to_owned(), from, to, place })
}

/// A name with at least one dot, as `asyncio.sleep`.
fn dotted(reader: &mut Reader<'_>, key: &str, text: Text, example: &str) -> Option<String> {
    if !text.get_ref().contains('.') {
        let message = format!("`{key}` cannot be `{}`; write a qualified name, as `{example}`", text.get_ref());
        reader.problem(&text.span(), message);
        return None;
    }
    path_of_names(reader, key, text)
}

/// Identifiers with dots between them, or a single one.
fn path_of_names(reader: &mut Reader<'_>, key: &str, text: Text) -> Option<String> {
    if !text.get_ref().split('.').all(is_identifier) {
        reader.problem(&text.span(), format!("`{key}` cannot be `{}`; that is no Python name", text.get_ref()));
        return None;
    }
    Some(text.into_inner())
}
