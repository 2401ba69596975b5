//! A loop that the class or the module keeps, which work of other threads can be handed to.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_node};
use ruff_python_ast::{AnyNodeRef, Expr, StmtAssign};

use crate::rewrite::context::{Context, Parents, dotted};

/// `self.loop` where a method of the class assigns the running loop to it, else a name of the module that is assigned one.
pub(super) fn find(context: &Context, parents: Parents) -> Option<String> {
    of_class(context, parents).or_else(|| of_module(context, parents))
}

fn of_class(context: &Context, parents: Parents) -> Option<String> {
    let class = parents.0.iter().rposition(|node| node.is_stmt_class_def())?;
    let AnyNodeRef::StmtFunctionDef(method) = parents.0[class + 1..].iter().find(|node| node.is_stmt_function_def())?
    else {
        return None;
    };
    let receiver = method.parameters.posonlyargs.iter().chain(&method.parameters.args).next()?.name();
    let mut finder = Finder { context, found: None, wants: Wants::Attribute(receiver.as_str()) };
    walk_node(&mut finder, parents.0[class]);
    finder.found
}

fn of_module(context: &Context, parents: Parents) -> Option<String> {
    let mut finder = Finder { context, found: None, wants: Wants::Global(vec![]) };
    walk_node(&mut finder, parents.0[0]);
    finder.found
}

enum Wants<'a> {
    /// `self.loop = ...`
    Attribute(&'a str),
    /// A name that a function declares `global`; the names declared so far.
    Global(Vec<&'a str>),
}

struct Finder<'c, 'a> {
    context: &'c Context<'a>,
    found: Option<String>,
    wants: Wants<'a>,
}

impl Finder<'_, '_> {
    /// Is the running loop assigned?
    fn looks_up(&self, assign: &StmtAssign) -> bool {
        let Expr::Call(call) = &*assign.value else { return false };
        let Some(path) = dotted(&call.func) else { return false };
        let path = self.context.imports.resolve(&path).unwrap_or(path);
        matches!(path.as_str(), "asyncio.get_running_loop" | "asyncio.get_event_loop")
    }
}

impl<'a> SourceOrderVisitor<'a> for Finder<'_, 'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        match node {
            AnyNodeRef::StmtGlobal(global) => {
                if let Wants::Global(names) = &mut self.wants {
                    names.extend(global.names.iter().map(|name| name.as_str()));
                }
            }
            AnyNodeRef::StmtAssign(assign) if self.found.is_none() && self.looks_up(assign) => {
                self.found = match (&self.wants, assign.targets.as_slice()) {
                    (Wants::Attribute(receiver), [Expr::Attribute(attribute)])
                        if attribute.value.as_name_expr().is_some_and(|name| name.id == *receiver) =>
                    {
                        Some(format!("{receiver}.{}", attribute.attr))
                    }
                    (Wants::Global(names), [Expr::Name(name)]) if names.contains(&name.id.as_str()) => {
                        Some(name.id.to_string())
                    }
                    _ => None,
                };
            }
            _ => {}
        }
        TraversalSignal::Traverse
    }
}
