//! Can a method of a class be what a Protocol declares (PEP 544)? A class that has the names alone does not satisfy it.

use super::{boundary, plain};
use crate::index::Index;
use crate::index::facts::*;

/// False only where nobody who calls what is `declared` could be content with `own`.
pub(super) fn satisfies(index: &Index, declared: FuncId, own: FuncId) -> bool {
    if boundary::is_property(index, declared) != boundary::is_property(index, own) {
        return false;
    }
    if !boundary::is_transparent(index, own) || !boundary::is_transparent(index, declared) {
        return true;
    }
    !(gives_data(index, declared) && gives_iterator(index, own)) && takes_as_many(index, declared, own)
}

/// `-> bool`
fn gives_data(index: &Index, func: FuncId) -> bool {
    index.func(func).returns_annotation.is_some_and(|annotation| plain::names_data(index, annotation))
}

/// Does calling it run nothing yet?
fn gives_iterator(index: &Index, func: FuncId) -> bool {
    let facts = index.func(func);
    let is_manager = || {
        let mut names = facts.decorators.iter().map(|decorator| boundary::decorator_name(index, decorator));
        names.any(|name| name.is_some_and(|name| name.ends_with("contextmanager")))
    };
    facts.traits.is_generator && !is_manager()
}

/// Can it be called with the positional arguments that are declared?
fn takes_as_many(index: &Index, declared: FuncId, own: FuncId) -> bool {
    let (declared, own) = (Positional::of(index, declared), Positional::of(index, own));
    own.is_open || declared.is_open || declared.required <= own.most && own.required <= declared.most
}

/// How many positional arguments a method takes, without `self`.
struct Positional {
    required: usize,
    most: usize,
    /// `*args`, or something after it.
    is_open: bool,
}

impl Positional {
    fn of(index: &Index, func: FuncId) -> Self {
        let facts = index.func(func);
        let is_static = facts.class.is_none()
            || facts.decorators.iter().any(|one| boundary::decorator_name(index, one) == Some("staticmethod"));
        let positional = facts
            .params
            .iter()
            .filter(|param| matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Standard))
            .skip(usize::from(!is_static));
        let is_open = facts
            .params
            .iter()
            .any(|param| matches!(param.kind, ParamKind::Variadic | ParamKind::Keywords | ParamKind::KeywordOnly));
        let (required, all): (Vec<&Param>, Vec<&Param>) = positional.partition(|param| param.default.is_none());
        Self { required: required.len(), most: required.len() + all.len(), is_open }
    }
}
