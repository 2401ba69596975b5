//! Whether a function can be what a call calls, by the arguments.

use ruff_python_ast::name::Name;

use super::builder::Builder;
use super::hierarchy::BaseClass;
use super::names::Meaning;
use super::{boundary, site};
use crate::index::Index;
use crate::index::facts::*;

/// The arguments of what a site runs; none where it calls nothing.
pub(super) fn given<'a>(builder: &'a Builder, id: RefId) -> Option<&'a [Arg]> {
    match builder.index.site(id).usage {
        Usage::Called(call) => Some(&builder.index.call(call).args),
        // `to_thread(x.f, a)` is `x.f(a)`.
        Usage::Argument { call, index } if site::carrier(builder, call) == Some(index as usize) => {
            Some(&builder.index.call(call).args[index as usize + 1..])
        }
        _ => None,
    }
}

/// Can the function take these arguments? What decorators nobody knows make of a signature, they may be anything.
pub(crate) fn fits(index: &Index, id: FuncId, call: &Call) -> bool {
    takes(index, id, call.func, &call.args)
}

/// The same for arguments alone; `callee` is what is called with them.
pub(super) fn takes(index: &Index, id: FuncId, callee: ValueId, args: &[Arg]) -> bool {
    let func = index.func(id);
    if is_open(index, id, args) {
        return true;
    }
    let bound = bound(index, func);
    let explicit = if names_instance(index, callee) { 0 } else { bound };
    let has = |kind: ParamKind| func.params.iter().any(|param| param.kind == kind);
    let positional = positional(func, bound);
    let given = args.iter().filter(|arg| arg.keyword.is_none()).count();
    if given > positional.len() + explicit && !has(ParamKind::Variadic) {
        return false;
    }
    let named = |name: &Name| args.iter().any(|arg| arg.keyword.as_ref() == Some(name));
    let missing = positional.iter().skip(given).any(|param| param.default.is_none() && !named(&param.name))
        || func
            .params
            .iter()
            .any(|param| param.kind == ParamKind::KeywordOnly && param.default.is_none() && !named(&param.name));
    !missing
        && args.iter().filter_map(|arg| arg.keyword.as_ref()).all(|keyword| {
            has(ParamKind::Keywords)
                || func.params.iter().any(|param| {
                    &param.name == keyword && matches!(param.kind, ParamKind::Standard | ParamKind::KeywordOnly)
                })
        })
}

/// May the literals among the arguments be what the parameters are annotated with? `settings.get("a", {})` is no
/// `def get(self, key: str, session: Session)`.
pub(super) fn suits(builder: &mut Builder, id: FuncId, callee: ValueId, args: &[Arg]) -> bool {
    let index = &builder.index;
    if is_open(index, id, args) {
        return true;
    }
    let func = index.func(id);
    let bound = bound(index, func);
    let through_object = annotated(func, bound, args);
    // `C.f(x)`: `self` is an argument, perhaps.
    let through_class = (bound > 0 && !names_instance(index, callee)).then(|| annotated(func, 0, args));
    let receiver = args.first().filter(|arg| arg.keyword.is_none()).map(|arg| arg.value);
    let class = func.class;
    let mut all = |pairs: Vec<(ValueId, ValueId)>| pairs.into_iter().all(|(arg, of)| may_be(builder, arg, of));
    all(through_object)
        || through_class.is_some_and(all)
            && !receiver.is_some_and(|value| {
                literal(builder, value).is_some() && class.is_some_and(|class| is_plain(builder, class))
            })
}

/// The arguments of annotated parameters, with the annotations.
fn annotated(func: &Func, skipped: usize, args: &[Arg]) -> Vec<(ValueId, ValueId)> {
    let by_place = args.iter().filter(|arg| arg.keyword.is_none()).zip(positional(func, skipped));
    let by_name = args.iter().filter_map(|arg| {
        let keyword = arg.keyword.as_ref()?;
        Some((arg, func.params.iter().find(|param| &param.name == keyword)?))
    });
    by_place.chain(by_name).filter_map(|(arg, param)| Some((arg.value, param.annotation?))).collect()
}

/// Is there no telling which argument is for which parameter?
fn is_open(index: &Index, id: FuncId, args: &[Arg]) -> bool {
    args.iter().any(|arg| arg.is_star) || !boundary::is_transparent(index, id)
}

/// How many parameters a call through an object leaves out.
fn bound(index: &Index, func: &Func) -> usize {
    let is_static =
        func.decorators.iter().any(|decorator| boundary::decorator_name(index, decorator) == Some("staticmethod"));
    usize::from(func.class.is_some() && !is_static)
}

fn positional(func: &Func, skipped: usize) -> Vec<&Param> {
    let is_positional = |param: &&Param| matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Standard);
    func.params.iter().filter(is_positional).skip(skipped).collect()
}

/// Is the callee an attribute of what is named like an instance? On a class, `C.f(x)`, `self` is an argument.
fn names_instance(index: &Index, callee: ValueId) -> bool {
    let Value::Attribute { receiver, .. } = index.value(callee) else { return false };
    match index.value(*receiver) {
        Value::Name { name, .. } | Value::Attribute { name, .. } => {
            let first = name.trim_start_matches('_');
            first.starts_with(char::is_lowercase)
                && !["cls", "class", "klass", "type"].iter().any(|word| name.contains(word))
        }
        Value::Subscript { .. } | Value::Call { .. } => false,
        _ => false,
    }
}

/// Literals that say what type they are of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literal {
    Text,
    Container,
    /// A number, and what is computed.
    Other,
}

/// May the argument be of the annotated type? `false` only for a literal that is of another one.
fn may_be(builder: &mut Builder, arg: ValueId, annotation: ValueId) -> bool {
    let Some(literal) = literal(builder, arg) else { return true };
    match builder.names().evaluate(annotation).as_slice() {
        [Meaning::Class(class)] => !is_plain(builder, *class),
        [Meaning::External(path)] => match path.as_str() {
            "builtins.str" => literal != Literal::Container,
            "builtins.int" | "builtins.float" | "builtins.bool" => literal == Literal::Other,
            _ => true,
        },
        _ => true,
    }
}

fn literal(builder: &Builder, value: ValueId) -> Option<Literal> {
    let literal_of = |value: ValueId| match builder.index.value(value) {
        Value::Text(_) | Value::Pattern(_) => Some(Literal::Text),
        Value::Elements(_) | Value::Dict(_) => Some(Literal::Container),
        Value::Builtin => Some(Literal::Other),
        _ => None,
    };
    literal_of(value).or_else(|| match builder.names().evaluate(value).as_slice() {
        [Meaning::Value(bound)] => literal_of(*bound),
        _ => None,
    })
}

/// Is no literal an object of the class? A `TypedDict` is a dict, and a Protocol may be anything.
fn is_plain(builder: &mut Builder, class: ClassId) -> bool {
    builder.index_close(class);
    let hierarchy = &builder.graph.hierarchy;
    let is_plain = |base: &BaseClass| base.is_plain() && !base.is_protocol();
    hierarchy.ancestors(class).into_iter().all(|id| hierarchy.bases(id).iter().all(is_plain))
}
