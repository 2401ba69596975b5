//! The inverses of the changes to names and annotations. A new name must be the one that the change's own edits wrote.

use ruff_python_ast::{Expr, Identifier, StringLiteral};
use ruff_python_parser::parse_string_annotation;
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use super::imports::{dotted, last_name};
use crate::edit::EditKind;

/// Async twins that need no import.
const BUILTINS: [&str; 5] = ["anext", "aiter", "StopAsyncIteration", "__aenter__", "__aexit__"];
/// What the result of an async function is wrapped in.
const AWAITABLE: [&str; 3] = ["Awaitable", "Coroutine", "AsyncIterator"];
/// What a generator function is annotated with.
const GENERATORS: [&str; 3] = ["typing.Generator", "collections.abc.Generator", "typing_extensions.Generator"];

impl Context<'_> {
    pub(super) fn identifier(&self, old: &Identifier, new: &Identifier) {
        let renamed = self.take(old.range(), |kind| matches!(kind, EditKind::Rename { .. }));
        let fits = match renamed {
            Some(change) => new.as_str() == self.written(change, old.range()) && new.as_str() != old.as_str(),
            None => new.as_str() == old.as_str(),
        };
        if !fits {
            self.fail(old.start(), format!("the name `{old}` became `{new}`, which is not recorded"));
        }
    }

    /// The text that `change` makes of `range`: its own edits within, applied.
    pub(super) fn written(&self, change: usize, range: TextRange) -> String {
        self.apply(range, |edit| self.file.edits.edits[edit].change == change)
    }

    pub(super) fn apply(&self, range: TextRange, wanted: impl Fn(usize) -> bool) -> String {
        let mut text = String::new();
        let mut end = range.start();
        for span in self.offsets.within(range).filter(|span| wanted(span.edit)) {
            text.push_str(self.old_text(TextRange::new(end, span.old.start())));
            text.push_str(&self.file.edits.edits[span.edit].text);
            end = span.old.end();
        }
        text.push_str(self.old_text(TextRange::new(end, range.end())));
        text
    }

    pub(super) fn old_text(&self, range: TextRange) -> &str {
        self.file.old.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default()
    }

    /// A renamed reference: a name, a dotted name, or a string that is one.
    pub(super) fn rename(&self, change: usize, old: &Expr, new: &Expr) {
        match (old, new) {
            (Expr::StringLiteral(was), Expr::StringLiteral(is)) => {
                let written = self.written(change, old.range());
                let new_text = self.file.new.get(is.range.start().to_usize()..is.range.end().to_usize());
                if new_text != Some(&*written) || written == self.old_text(was.range) {
                    self.misfit(was.range, "the recorded string");
                }
            }
            _ => self.renamed(change, old, new),
        }
    }

    /// `new` is the dotted name that `change` wrote over `old`, and its root is known.
    pub(super) fn renamed(&self, change: usize, old: &Expr, new: &Expr) {
        let (Some(name), Some(was)) = (dotted(new), dotted(old)) else {
            return self.replaced_method(change, old, new);
        };
        // One edit may write the `await` in front too.
        let written = self.written(change, old.range());
        let written = written.trim_start_matches('(').trim_start_matches("await ");
        let written: String = written.split_whitespace().collect();
        if name != written || name == was {
            return self.misfit(old.range(), &format!("the recorded name `{written}`"));
        }
        let root = |name: &str| name.split('.').next().unwrap_or_default().to_string();
        if root(&name) != root(&was) && !self.imports.binds(&root(&name)) && !BUILTINS.contains(&name.as_str()) {
            self.fail(old.start(), format!("nothing binds the root of `{name}`"));
        }
    }

    /// The last name of something longer (`make().sleep`) is replaced.
    fn replaced_method(&self, change: usize, old: &Expr, new: &Expr) {
        match (old, new) {
            (Expr::Attribute(was), Expr::Attribute(is))
                if is.attr.as_str() == self.written(change, was.attr.range()) =>
            {
                self.expr(&was.value, &is.value);
            }
            _ => self.misfit(old.range(), "the recorded name"),
        }
    }

    /// A part of a string. Names and annotations in it may be changed; it is compared as the expression that it spells.
    pub(super) fn text(&self, old: &StringLiteral, new: &StringLiteral) {
        if !self.changes_within(old.range) || self.offsets.within(old.range).next().is_none() {
            if old.value != new.value {
                self.differ(old.range, new.range);
            }
            return;
        }
        let words = self.word_changes(old.range);
        if !words.is_empty() {
            return self.words(old, new, &words);
        }
        let inside = |edit: usize| self.file.edits.changes.get(self.file.edits.edits[edit].change);
        let allowed = |kind: &EditKind| matches!(kind, EditKind::Rename { .. } | EditKind::Annotation { .. });
        let new_text = self.file.new.get(new.range.start().to_usize()..new.range.end().to_usize());
        if new_text != Some(&*self.apply(old.range, |edit| inside(edit).is_some_and(allowed))) {
            return self.differ(old.range, new.range);
        }
        let parsed = (parse_string_annotation(self.file.old, old), parse_string_annotation(self.file.new, new));
        match parsed {
            (Ok(was), Ok(is)) => self.expr(was.expr(), is.expr()),
            _ => self.misfit(old.range, "an expression in the string"),
        }
    }

    /// `T` and `Awaitable[T]`; `Callable[..., T]` and `Callable[..., Awaitable[T]]`; generators.
    pub(super) fn annotation(&self, old: &Expr, new: &Expr) {
        if self.is_generator(old) {
            return self.generator(old, new);
        }
        let Expr::Subscript(is) = new else { return self.misfit(old.range(), "a wrapped annotation") };
        if last_name(&is.value).is_some_and(|name| AWAITABLE.contains(&name)) {
            return self.awaitable(old, new);
        }
        let Expr::Subscript(was) = old else { return self.misfit(old.range(), "a wrapped annotation") };
        let (Expr::Tuple(was_items), Expr::Tuple(is_items)) = (&*was.slice, &*is.slice) else {
            return self.misfit(old.range(), "a wrapped annotation");
        };
        match (was_items.elts.as_slice(), is_items.elts.as_slice()) {
            ([was_parameters, was_result], [is_parameters, is_result]) if last_name(&was.value) == Some("Callable") => {
                self.expr(&was.value, &is.value);
                self.expr(was_parameters, is_parameters);
                self.awaitable(was_result, is_result);
            }
            _ => self.misfit(old.range(), "a wrapped annotation"),
        }
    }

    /// `typing.Generator`, under whatever name.
    fn is_generator(&self, annotation: &Expr) -> bool {
        let name = dotted(annotation.as_subscript_expr().map_or(annotation, |subscript| &subscript.value));
        name.is_some_and(|name| name.rsplit('.').next() == Some("Generator") || self.old_imports.is(&name, &GENERATORS))
    }

    /// `Generator[Y, S, R]` and `AsyncGenerator[Y, S]`; `Generator[Y]` and `Generator` become the same with the other name.
    fn generator(&self, old: &Expr, new: &Expr) {
        let name = match (old, new) {
            (Expr::Subscript(was), Expr::Subscript(is)) => {
                match (&*was.slice, &*is.slice) {
                    (Expr::Tuple(was), Expr::Tuple(is)) if was.elts.len() == 3 && is.elts.len() == 2 => {
                        was.elts.iter().zip(&is.elts).for_each(|(was, is)| self.expr(was, is));
                    }
                    (Expr::Tuple(was), _) if was.elts.len() == 3 => {
                        return self.misfit(old.range(), "the first two of three types");
                    }
                    (was, is) => self.expr(was, is),
                }
                &*is.value
            }
            (Expr::Subscript(_), _) | (_, Expr::Subscript(_)) => {
                return self.misfit(old.range(), "the same annotation");
            }
            _ => new,
        };
        if last_name(name) != Some("AsyncGenerator") {
            self.misfit(old.range(), "`AsyncGenerator`");
        }
        self.imported(name);
    }

    /// `T` and `Awaitable[T]`.
    fn awaitable(&self, old: &Expr, new: &Expr) {
        match new {
            Expr::Subscript(is) if last_name(&is.value).is_some_and(|name| AWAITABLE.contains(&name)) => {
                self.imported(&is.value);
                match &*is.slice {
                    // `Coroutine[Any, Any, T]`
                    Expr::Tuple(items) if last_name(&is.value) == Some("Coroutine") && items.elts.len() == 3 => {
                        self.expr(old, &items.elts[2]);
                    }
                    slice => self.expr(old, slice),
                }
            }
            _ => self.misfit(old.range(), "`Awaitable[...]`"),
        }
    }

    fn imported(&self, name: &Expr) {
        let at = name.start();
        if let Some(name) = dotted(name).filter(|name| !self.imports.knows(name)) {
            self.fail(self.offsets.to_old(at), format!("`{name}` is not imported"));
        }
    }
}
