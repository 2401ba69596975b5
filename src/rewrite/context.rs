//! What every rewriter sees: the text, its tokens, the imports it may request, and the edits it records.

use ruff_python_ast::token::{TokenKind, Tokens, parentheses_iterator};
use ruff_python_ast::{AnyNodeRef, Arguments, Expr, ExprRef, Operator};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Leave;
use super::nest::{self, Nest};
use crate::edit::FileEdits;
use crate::edit::import::{Imports, OtherUses};
use crate::plan::Action;

/// The state of one file's rewrite.
pub(super) struct Context<'a> {
    pub text: &'a str,
    pub tokens: &'a Tokens,
    pub imports: Imports<'a>,
    pub edits: FileEdits,
    /// Statements that are written when all else is.
    pub nests: Vec<Nest>,
    /// The nodes that actions wait for.
    pub planned: Vec<TextRange>,
    /// The names that are replaced wherever they stand, so that their import may go.
    replaced_names: FxHashSet<&'a str>,
    /// The identifiers of a range, for fresh names.
    names: FxHashMap<TextRange, FxHashSet<&'a str>>,
    /// Names that were given away.
    claimed: FxHashSet<(TextRange, String)>,
}

/// The nodes around a node, from the module down to its parent.
#[derive(Clone, Copy)]
pub(super) struct Parents<'s, 'a>(pub &'s [AnyNodeRef<'a>]);

impl<'a> Parents<'_, 'a> {
    pub fn parent(self) -> Option<AnyNodeRef<'a>> {
        self.0.last().copied()
    }

    /// The function around the node, else the module.
    pub fn scope(self) -> AnyNodeRef<'a> {
        let function = self.0.iter().rev().find(|node| node.is_stmt_function_def());
        *function.unwrap_or(&self.0[0])
    }
}

impl<'a> Context<'a> {
    pub fn new(parsed: &'a Parsed<ruff_python_ast::ModModule>, text: &'a str, actions: &[Action]) -> Self {
        Self {
            text,
            tokens: parsed.tokens(),
            imports: Imports::new(parsed, text),
            edits: FileEdits::default(),
            nests: vec![],
            planned: vec![],
            replaced_names: replaced_names(text, actions),
            names: FxHashMap::default(),
            claimed: FxHashSet::default(),
        }
    }

    pub fn finish(mut self) -> FileEdits {
        nest::write(self.text, self.tokens, &self.nests, &mut self.edits);
        self.imports.finish(&mut self.edits);
        self.edits
    }

    pub fn slice(&self, range: TextRange) -> &'a str {
        &self.text[range.to_std_range()]
    }

    /// Whether the import of `name` is still needed when this rewrite is done.
    pub fn other_uses(&self, name: &str) -> OtherUses {
        if self.replaced_names.contains(name) { OtherUses::Replaced } else { OtherUses::Stay }
    }

    /// A name that `scope` does not use: `base`, `base_`, ...
    pub fn fresh_name(&mut self, base: &str, scope: TextRange) -> String {
        let tokens = self.tokens;
        let text = self.text;
        let names = self.names.entry(scope).or_insert_with(|| {
            let names = tokens.in_range(scope).iter().filter(|token| token.kind() == TokenKind::Name);
            names.map(|token| &text[token.range().to_std_range()]).collect()
        });
        let mut name = base.to_owned();
        while names.contains(name.as_str()) {
            name.push('_');
        }
        name
    }

    /// A name that neither `scope` uses nor another rewriter got there.
    pub fn claim_name(&mut self, base: &str, scope: TextRange) -> String {
        let mut name = self.fresh_name(base, scope);
        while !self.claimed.insert((scope, name.clone())) {
            name = self.fresh_name(&format!("{name}_"), scope);
        }
        name
    }

    /// The innermost grouping parentheses around an expression, if it has any.
    pub fn parentheses(&self, expression: ExprRef, parent: AnyNodeRef) -> Option<TextRange> {
        parentheses_iterator(expression, Some(parent), self.tokens).next()
    }

    /// The range of an argument with all its grouping parentheses.
    pub fn argument_range(&self, argument: &Expr, arguments: &Arguments) -> TextRange {
        let parentheses = parentheses_iterator(argument.into(), Some(arguments.into()), self.tokens).last();
        parentheses.unwrap_or(argument.range())
    }

    /// True when `await` before `expression` would bind to less than it should: an attribute, subscript, call, `**` or
    /// another `await` follows or precedes, and no parentheses stand between.
    pub fn await_needs_parentheses(&self, expression: ExprRef, parents: Parents) -> bool {
        let Some(parent) = parents.parent() else { return false };
        let range = expression.range();
        let binds_tighter = match parent {
            AnyNodeRef::ExprAttribute(attribute) => attribute.value.range() == range,
            AnyNodeRef::ExprSubscript(subscript) => subscript.value.range() == range,
            AnyNodeRef::ExprCall(call) => call.func.range() == range,
            AnyNodeRef::ExprBinOp(operation) => operation.op == Operator::Pow && operation.left.range() == range,
            AnyNodeRef::ExprAwait(_) => true,
            _ => false,
        };
        binds_tighter && self.parentheses(expression, parent).is_none()
    }

    /// `word`, with a blank before it when it would grow together with what stands before `offset` (`return"".join(x)`).
    pub fn spaced(&self, offset: TextSize, word: &str) -> String {
        let glued = self.text[..offset.to_usize()].ends_with(is_identifier) && word.starts_with(is_identifier);
        format!("{}{word}", if glued { " " } else { "" })
    }

    /// Records `await ` around `range`; with parentheses when `parenthesize`.
    pub fn open_await(&mut self, change: usize, range: TextRange, carrier: &str, parenthesize: bool) {
        let text = if parenthesize { format!("(await {carrier}") } else { format!("await {carrier}") };
        let text = self.spaced(range.start(), &text);
        self.edits.open(change, range, text);
        if parenthesize {
            self.edits.close(change, range, ")");
        }
    }

    /// Makes place for the deletion of `range`: names that were replaced in it are no edits of their own any more.
    pub fn clear(&mut self, range: TextRange) -> Result<(), Leave> {
        let inside = |node: &TextRange| range.contains_range(*node);
        if self.planned.iter().any(inside) {
            return Err(Leave::ChangesInside);
        }
        let is_renamed = self.edits.edits.iter().any(|edit| range.contains_range(edit.range) && !edit.range.is_empty());
        match is_renamed && self.edits.absorb(self.text, range).is_err() {
            true => Err(Leave::ChangesInside),
            false => Ok(()),
        }
    }

    /// True when a comment stands in `range`.
    pub fn has_comment(&self, range: TextRange) -> bool {
        self.tokens.in_range(range).iter().any(|token| token.kind() == TokenKind::Comment)
    }

    /// The first token behind `offset` that is neither a comment nor a line break.
    pub fn next_token(&self, offset: TextSize) -> Option<ruff_python_ast::token::Token> {
        self.tokens.after(offset).iter().copied().find(|token| !token.kind().is_trivia())
    }
}

pub(super) fn is_identifier(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

/// True for expressions that stand before `.x`, `[i]` and `(...)`, and after `await`, without parentheses.
pub(super) fn is_primary(expression: ExprRef) -> bool {
    match expression {
        ExprRef::Generator(generator) => generator.parenthesized,
        ExprRef::Tuple(tuple) => tuple.parenthesized,
        ExprRef::Name(_)
        | ExprRef::Attribute(_)
        | ExprRef::Subscript(_)
        | ExprRef::Call(_)
        | ExprRef::List(_)
        | ExprRef::Set(_)
        | ExprRef::Dict(_)
        | ExprRef::ListComp(_)
        | ExprRef::SetComp(_)
        | ExprRef::DictComp(_)
        | ExprRef::FString(_)
        | ExprRef::TString(_)
        | ExprRef::StringLiteral(_)
        | ExprRef::BytesLiteral(_)
        | ExprRef::BooleanLiteral(_)
        | ExprRef::NoneLiteral(_)
        | ExprRef::EllipsisLiteral(_) => true,
        ExprRef::NumberLiteral(_)
        | ExprRef::BoolOp(_)
        | ExprRef::Named(_)
        | ExprRef::BinOp(_)
        | ExprRef::UnaryOp(_)
        | ExprRef::Lambda(_)
        | ExprRef::If(_)
        | ExprRef::Await(_)
        | ExprRef::Yield(_)
        | ExprRef::YieldFrom(_)
        | ExprRef::Compare(_)
        | ExprRef::Starred(_)
        | ExprRef::Slice(_)
        | ExprRef::IpyEscapeCommand(_) => false,
    }
}

/// The dotted path of a chain of names, without regard to white space.
pub(super) fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}

/// The bare names that stand in `text` only where an action replaces them, and once more: in their import.
fn replaced_names<'a>(text: &'a str, actions: &[Action]) -> FxHashSet<&'a str> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for action in actions.iter().collect::<FxHashSet<_>>() {
        let (range, end) = match action {
            Action::RenameImported { name, .. } | Action::AsyncGenerator { subscript: name } => (name, '['),
            Action::Replace { call, .. } => (call, '('),
            _ => continue,
        };
        let Some(name) = text.get(range.to_std_range()) else { continue };
        let name = name.split_once(end).map_or(name, |(name, _)| name).trim_end();
        if !name.contains('.') {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.retain(|name, count| word_count(text, name) == *count + 1);
    counts.into_keys().collect()
}

/// How often `word` stands in `text`, comments and strings included.
fn word_count(text: &str, word: &str) -> usize {
    let whole = |at: &(usize, &str)| {
        !text[..at.0].ends_with(is_identifier) && !text[at.0 + word.len()..].starts_with(is_identifier)
    };
    text.match_indices(word).filter(whole).count()
}
