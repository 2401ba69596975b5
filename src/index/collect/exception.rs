//! `raise` and `try`: what is raised, and what handlers around a place would catch.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Collector, fallback};
use crate::index::facts::*;

/// What Ctrl-C raises.
pub(super) const INTERRUPT: &str = "KeyboardInterrupt";

impl Collector<'_> {
    pub(super) fn raise(&mut self, node: &ast::StmtRaise) {
        self.lost(node.exc.as_deref(), Usage::Other);
        self.lost(node.cause.as_deref(), Usage::Other);
        let (in_handler, catches) = (self.context.in_handler, self.context.catches_stop);
        let stop = node.exc.as_deref().and_then(|value| {
            let name = if let Expr::Call(call) = value { &*call.func } else { value };
            stop_iteration(name)
        });
        if let Some(name) = stop {
            let context = self.context();
            self.facts.stops.push(Stop { name, context });
        }
        if let Some(traits) = self.traits() {
            traits.raises |= node.exc.is_some();
            traits.reads_current_exception |= node.exc.is_none() && !in_handler;
            traits.raises_stop_iteration |= stop.is_some() && !catches;
        }
    }

    pub(super) fn try_statement(&mut self, node: &ast::StmtTry) {
        let context = self.context();
        let interrupts = node.handlers.iter().any(|handler| self.names_interrupt(handler.range()));
        let stops = node.handlers.iter().any(|handler| {
            let ExceptHandler::ExceptHandler(inner) = handler;
            inner.type_.is_none() || catches(handler, &["StopIteration", "Exception", "BaseException"])
        });
        let swallows = node.handlers.iter().any(|handler| {
            let ExceptHandler::ExceptHandler(handler_node) = handler;
            (handler_node.type_.is_none() || catches(handler, &["BaseException", "CancelledError"]))
                && !handler_node.body.iter().any(|statement| matches!(statement, Stmt::Raise(_)))
        });
        self.stop_handler(node);
        self.protected += 1;
        self.within(
            |context| {
                context.in_try = true;
                context.catches_interrupt |= interrupts;
                context.catches_stop |= stops;
                context.swallows_cancel |= swallows;
            },
            |this| this.body(&node.body),
        );
        for handler in &node.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            self.optional(handler.type_.as_deref(), Usage::Other);
            if let Some(name) = &handler.name {
                self.bind_name(name.id.clone(), name.range, Bound::Unknown);
            }
            self.within(
                |context| {
                    context.in_try = true;
                    context.in_handler = true;
                },
                |this| this.body(&handler.body),
            );
        }
        self.protected -= 1;
        self.within(
            |context| context.in_try = true,
            |this| {
                this.body(&node.orelse);
                this.body(&node.finalbody);
            },
        );
        if let Some(run) = fallback::of_try(node) {
            self.facts.fallbacks.push(Fallback { statement: node.range, context, run, kind: FallbackKind::Alone });
        }
    }

    /// Does `KeyboardInterrupt` stand there? `except BaseException as e: if isinstance(e, KeyboardInterrupt)` counts too.
    pub(super) fn names_interrupt(&self, range: TextRange) -> bool {
        self.has_interrupt && self.text[range].contains(INTERRUPT)
    }

    /// `except StopIteration` and what it stands around.
    fn stop_handler(&mut self, node: &ast::StmtTry) {
        let types = node.handlers.iter().filter_map(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            handler.type_.as_deref()
        });
        let names = types.flat_map(|type_| match type_ {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            other => vec![other],
        });
        let names: Vec<TextRange> = names.filter_map(stop_iteration).collect();
        if let ([first, .., last] | [first @ last], false) = (node.body.as_slice(), names.is_empty()) {
            self.facts.stop_handlers.push(StopHandler { body: TextRange::new(first.start(), last.end()), names });
        }
    }
}

/// The name `StopIteration`.
fn stop_iteration(expr: &Expr) -> Option<TextRange> {
    expr.as_name_expr().filter(|name| name.id == "StopIteration").map(Ranged::range)
}

/// Does the handler name one of these exceptions?
pub(super) fn catches(handler: &ExceptHandler, names: &[&str]) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let named = |expr: &Expr| match expr {
        Expr::Name(name) => names.contains(&name.id.as_str()),
        Expr::Attribute(attribute) => names.contains(&attribute.attr.as_str()),
        _ => false,
    };
    match handler.type_.as_deref() {
        None => false,
        Some(Expr::Tuple(tuple)) => tuple.elts.iter().any(named),
        Some(expr) => named(expr),
    }
}
