//! What a site does with the functions that it names: runs them, hands them on, offloads them.

use ruff_python_ast::name::Name;

use super::is_constructor;
use crate::index::facts::*;
use crate::plan::UnwrapForm;
use crate::resolve::builder::Builder;
use crate::resolve::dispatcher::Accepts;
use crate::resolve::names::Meaning;
use crate::resolve::{SiteKind, boundary, carried, eager, tested};

/// What the site does with the functions it names.
pub(crate) fn kind_of(builder: &Builder, id: RefId, targets: &[FuncId]) -> SiteKind {
    let site = builder.index.site(id);
    let is_property = targets.iter().any(|target| boundary::is_property(builder.index, *target));
    let names_class = targets.iter().all(|target| {
        let func = builder.index.func(*target);
        is_constructor(&func.name) && func.name != site.name
    });
    match site.usage {
        // `x.name = 1` runs the setter.
        _ if is_property => SiteKind::Read,
        Usage::Store | Usage::Delete => SiteKind::Value,
        Usage::Called(call) if !under_carrier(builder, id) => {
            let made = !builder.in_tests(id.file)
                && (makes_generator(builder, call, targets) || makes_manager(builder, call, targets));
            if made { SiteKind::Made } else { SiteKind::Call }
        }
        Usage::Called(call) => offloaded_lambda(builder, id, call),
        _ if site.is_implicit() => SiteKind::Call,
        // What is compared or printed is the function itself, whatever its color.
        Usage::Base if !names_class => SiteKind::Value,
        Usage::Annotation | Usage::Base | Usage::Compared => SiteKind::Mention,
        Usage::Condition | Usage::Assigned if tested::is_only_tested(builder, id) => SiteKind::Mention,
        Usage::Receiver if names_class => SiteKind::Mention,
        Usage::Receiver => harmless_attribute(builder, id),
        Usage::Argument { call, index } => argument_kind(builder, call, index, names_class),
        _ if names_class => SiteKind::Mention,
        _ => SiteKind::Value,
    }
}

/// Does the call only make a generator, which something else iterates over later?
fn makes_generator(builder: &Builder, call: CallId, targets: &[FuncId]) -> bool {
    let is_generator = |target: &FuncId| {
        let func = builder.index.func(*target);
        let is_manager = || {
            func.decorators.iter().any(|decorator| {
                boundary::decorator_name(builder.index, decorator)
                    .is_some_and(|name| matches!(name, "contextmanager" | "fixture"))
            })
        };
        func.traits.is_generator && !func.is_async && !is_manager()
    };
    if targets.is_empty() || !targets.iter().all(is_generator) {
        return false;
    }
    match builder.index.call(call).usage {
        Usage::Assigned | Usage::Returned | Usage::Element { .. } | Usage::Condition | Usage::Yielded => true,
        // `old() if known else new()`: what holds the one or the other is followed.
        Usage::Other => is_choice(builder, call),
        Usage::Argument { call, index } => {
            let names = builder.names();
            !eager::takes_all(&names, call, index)
                && names.evaluate(taker(builder, call, index)).iter().any(|meaning| match meaning {
                    Meaning::External(path) => path == "builtins.iter",
                    _ => true,
                })
        }
        _ => false,
    }
}

/// Does the call only make a context manager, which something else enters later?
fn makes_manager(builder: &Builder, call: CallId, targets: &[FuncId]) -> bool {
    if targets.is_empty() || !targets.iter().all(|target| boundary::is_manager(builder.index, *target)) {
        return false;
    }
    match builder.index.call(call).usage {
        Usage::Assigned | Usage::Returned | Usage::Element { .. } | Usage::Yielded => true,
        Usage::Other => is_choice(builder, call),
        Usage::Argument { call, .. } => last_name(builder, call).is_none_or(|name| name != "enter_context"),
        _ => false,
    }
}

/// What gets an argument: the callee, or the function that an offload runs.
fn taker(builder: &Builder, call: CallId, at: u32) -> ValueId {
    let facts = builder.index.call(call);
    match carrier(builder, call) {
        Some(carrier) if carrier < at as usize => facts.args[carrier].value,
        _ => facts.func,
    }
}

/// Is the call one side of a conditional expression, of `or` or of `and`?
fn is_choice(builder: &Builder, call: CallId) -> bool {
    let Some(result) = carried::result_of(builder, call) else { return false };
    let values = &builder.index.file(call.file).values;
    values.iter().any(|value| matches!(value, Value::Either(sides) if sides.contains(&result)))
}

/// Is the argument the function of an offload that stands already?
pub(crate) fn is_offload_of(builder: &Builder, call: CallId, at: u32) -> bool {
    carrier(builder, call) == Some(at as usize)
}

/// Is the call inside a lambda that an existing offload runs?
pub(crate) fn under_carrier(builder: &Builder, id: RefId) -> bool {
    let context = builder.index.context(builder.index.site(id).context);
    context.lambda.is_some_and(|range| {
        builder.index.file(id.file).calls.iter().any(|call| call.range == range && runs_elsewhere(builder, call))
    })
}

fn offloaded_lambda(builder: &Builder, id: RefId, _call: CallId) -> SiteKind {
    let context = builder.index.context(builder.index.site(id).context);
    let range = context.lambda.expect("the caller checked");
    let calls = &builder.index.file(id.file).calls;
    let Some(at) = calls.iter().position(|call| call.range == range) else { return SiteKind::Value };
    let call = CallId { file: id.file, index: at as u32 };
    match carrier(builder, call) {
        Some(argument) => SiteKind::Offloaded { call, form: UnwrapForm::Lambda { argument } },
        None => SiteKind::Value,
    }
}

/// `f.__name__` and the like tell nothing of how `f` is called.
fn harmless_attribute(builder: &Builder, id: RefId) -> SiteKind {
    let range = builder.index.site(id).range;
    let outer = builder.index.file(id.file).refs[id.index as usize..]
        .iter()
        .find(|other| other.range.start() == range.start() && other.range.len() > range.len());
    let harmless = outer.is_some_and(|outer| {
        matches!(outer.name.as_str(), "__name__" | "__doc__" | "__qualname__" | "__module__" | "__wrapped__")
    });
    if harmless { SiteKind::Mention } else { SiteKind::Value }
}

fn argument_kind(builder: &Builder, call: CallId, index: u32, names_class: bool) -> SiteKind {
    if let Some(argument) = carrier(builder, call)
        && argument == index as usize
        && !names_class
    {
        let form = if argument == 0 { UnwrapForm::First } else { UnwrapForm::Second };
        let curried = last_name(builder, call).is_some_and(|name| name == "sync_to_async");
        return SiteKind::Offloaded { call, form: if curried { UnwrapForm::Curried } else { form } };
    }
    if let Some((outer, argument)) = partial_under_carrier(builder, call, index) {
        return SiteKind::Offloaded { call: outer, form: UnwrapForm::Partial { argument } };
    }
    if is_harmless_taker(builder, call) {
        return SiteKind::Mention;
    }
    if let Some(call) = eager::runs_callback(&builder.names(), call, index) {
        return SiteKind::Callback { call };
    }
    if names_class {
        return SiteKind::Mention;
    }
    if index == 0 && is_exit_callback(builder, call) {
        return SiteKind::Callback { call };
    }
    match boundary::accepts_async(builder, call, index) {
        Some(Accepts::Here) => SiteKind::Dispatched,
        Some(Accepts::Elsewhere) => SiteKind::Accepted,
        None => SiteKind::Value,
    }
}

/// `stack.callback(f, x)`, where `stack` is an exit stack.
pub(crate) fn is_exit_callback(builder: &Builder, call: CallId) -> bool {
    let names = builder.names();
    let is_stack = |value: ValueId| match builder.index.value(value) {
        Value::Name { name, scope } => match names.lookup(*scope, name).as_slice() {
            [Meaning::Value(value)] => match builder.index.value(*value) {
                Value::Entered(made) => names.dotted(*made).is_some_and(|path| path.ends_with("ExitStack")),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    };
    match builder.index.value(builder.index.call(call).func) {
        Value::Attribute { receiver, name } => *name == "callback" && is_stack(*receiver),
        _ => false,
    }
}

fn is_harmless_taker(builder: &Builder, call: CallId) -> bool {
    last_name(builder, call).is_some_and(|name| {
        matches!(
            name.as_str(),
            "iscoroutinefunction"
                | "isawaitable"
                | "callable"
                | "signature"
                | "getdoc"
                | "getsource"
                | "getsourcelines"
                | "getsourcefile"
                | "getfile"
                | "getmodule"
                | "get_type_hints"
                | "id"
                | "repr"
        )
    })
}

/// `to_thread(partial(f, a))`: the offload call and the position of the partial in it.
fn partial_under_carrier(builder: &Builder, call: CallId, index: u32) -> Option<(CallId, usize)> {
    if index != 0 || last_name(builder, call)? != "partial" {
        return None;
    }
    let Usage::Argument { call: outer, index } = builder.index.call(call).usage else { return None };
    let argument = carrier(builder, outer)?;
    (argument == index as usize).then_some((outer, argument))
}

/// The position of the function argument, when the call is an offload that stands already.
pub(crate) fn carrier(builder: &Builder, call: CallId) -> Option<usize> {
    match last_name(builder, call)?.as_str() {
        "to_thread" | "run_in_threadpool" | "run_sync" | "sync_to_async" | "iterate_in_threadpool" => Some(0),
        "run_in_executor" => Some(1),
        _ => is_own_carrier(builder, builder.index.call(call).func).then_some(0),
    }
}

/// Is it the wrapper that the config offloads with?
fn is_own_carrier(builder: &Builder, callee: ValueId) -> bool {
    let own = builder.config.offload.own_path();
    own.is_some_and(|path| builder.names().dotted(callee) == Some(path))
}

/// Does what the call is given run on another thread, or in another process?
pub(crate) fn runs_elsewhere(builder: &Builder, call: &Call) -> bool {
    let is_known = builder.names().last_name(call.func).is_some_and(|name| {
        matches!(
            name,
            "to_thread"
                | "run_in_threadpool"
                | "run_sync"
                | "sync_to_async"
                | "run_in_executor"
                | "submit"
                | "Thread"
                | "Timer"
                | "Process"
                | "apply_async"
        )
    });
    is_known || is_own_carrier(builder, call.func)
}

fn last_name(builder: &Builder, call: CallId) -> Option<Name> {
    builder.names().last_name(builder.index.call(call).func).map(Name::new)
}
