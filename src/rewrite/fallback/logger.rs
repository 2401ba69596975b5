//! The log line of a fallback, through the module's own logger and in its style.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_node};
use ruff_python_ast::{AnyNodeRef, Expr, ExprAttribute, ModModule, Stmt, StmtAssign};

use super::Shape;
use crate::rewrite::context::{Context, Parents, dotted};

/// How a logger takes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `logger.warning("... %s", value)`.
    Percent,
    /// `logger.warning("...", task=value)`.
    Keywords,
    /// Not known: a message without values works everywhere.
    Plain,
}

/// The names that module-level loggers have.
const NAMES: [&str; 6] = ["logger", "_logger", "log", "_log", "LOGGER", "LOG"];

pub(super) fn line(context: &mut Context, parents: Parents, shape: &Shape) -> String {
    let (logger, style) = find(context, parents).unwrap_or_else(|| (context.imports.request_logger(), Style::Percent));
    let task = shape.run_call.arguments.args.first().and_then(task_name);
    match (style, task) {
        (Style::Percent, Some(task)) => {
            format!("{logger}.warning(\"No running event loop: %s was not scheduled\", \"{task}\")")
        }
        (Style::Keywords, Some(task)) => {
            format!("{logger}.warning(\"No running event loop: task was not scheduled\", task=\"{task}\")")
        }
        (Style::Plain, Some(task)) => {
            format!("{logger}.warning(\"No running event loop: {task} was not scheduled\")")
        }
        (Style::Percent | Style::Keywords | Style::Plain, None) => {
            format!("{logger}.warning(\"No running event loop: task was not scheduled\")")
        }
    }
}

/// The name of the coroutine function: `_mark` of `self._mark(key)`.
fn task_name(coroutine: &Expr) -> Option<&str> {
    match coroutine {
        Expr::Call(call) => task_name(&call.func),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

/// A logger that the module has, else one that the class around has.
fn find(context: &Context, parents: Parents) -> Option<(String, Style)> {
    let AnyNodeRef::ModModule(module) = parents.0[0] else { return None };
    of_module(context, module).or_else(|| of_class(context, parents))
}

fn of_module(context: &Context, module: &ModModule) -> Option<(String, Style)> {
    let assigned = module.body.iter().find_map(|statement| {
        let (name, value) = assignment(statement)?;
        let is_logger = NAMES.contains(&name) && value.is_call_expr();
        is_logger.then(|| (name.to_owned(), style(context, value)))
    });
    let imported = || {
        let imports = module.body.iter().filter_map(Stmt::as_import_from_stmt);
        let mut names =
            imports.flat_map(|import| &import.names).map(|alias| alias.asname.as_ref().unwrap_or(&alias.name));
        names.find(|name| NAMES.contains(&name.as_str())).map(|name| (name.to_string(), Style::Plain))
    };
    assigned.or_else(imported)
}

fn assignment(statement: &Stmt) -> Option<(&str, &Expr)> {
    let (target, value) = match statement {
        Stmt::Assign(StmtAssign { targets, value, .. }) => (targets.first()?, &**value),
        Stmt::AnnAssign(statement) => (&*statement.target, statement.value.as_deref()?),
        _ => return None,
    };
    Some((target.as_name_expr()?.id.as_str(), value))
}

/// The style of a logger that `value` makes.
fn style(context: &Context, value: &Expr) -> Style {
    let Expr::Call(call) = value else { return Style::Plain };
    let Some(name) = dotted(&call.func) else { return Style::Plain };
    let path = context.imports.resolve(&name).unwrap_or(name);
    match path.as_str() {
        path if path.starts_with("structlog.") => Style::Keywords,
        "logging.getLogger" => Style::Percent,
        // `logger = structlog.get_logger().bind(...)` has no dotted name and is caught above; the rest is not known.
        _ => Style::Plain,
    }
}

/// `self.logger` or `self._logger`, as the class around uses it.
fn of_class(context: &Context, parents: Parents) -> Option<(String, Style)> {
    let class = parents.0.iter().rposition(|node| node.is_stmt_class_def())?;
    let AnyNodeRef::StmtFunctionDef(method) = parents.0[class + 1..].iter().find(|node| node.is_stmt_function_def())?
    else {
        return None;
    };
    let receiver = method.parameters.posonlyargs.iter().chain(&method.parameters.args).next()?.name();
    let mut finder = Finder { receiver: receiver.as_str(), name: None, value: None, is_method: false };
    walk_node(&mut finder, parents.0[class]);
    if finder.is_method {
        return None;
    }
    let style = finder.value.map_or(Style::Plain, |value| style(context, value));
    let module = context.imports.resolve("structlog").is_some();
    let style = if style == Style::Plain && module && finder.value.is_some() { Style::Keywords } else { style };
    Some((format!("{receiver}.{}", finder.name?), style))
}

/// Finds the first `self.logger` of a class, and what is assigned to it.
struct Finder<'a> {
    receiver: &'a str,
    name: Option<&'a str>,
    value: Option<&'a Expr>,
    /// `self.logger()`: it is what gives the logger.
    is_method: bool,
}

impl Finder<'_> {
    fn is_own(&self, attribute: &ExprAttribute) -> bool {
        let of_self = attribute.value.as_name_expr().is_some_and(|name| name.id == self.receiver);
        of_self && NAMES.contains(&attribute.attr.as_str())
    }
}

impl<'a> SourceOrderVisitor<'a> for Finder<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        match node {
            AnyNodeRef::StmtAssign(assign) if self.value.is_none() => {
                if let [Expr::Attribute(attribute)] = assign.targets.as_slice()
                    && NAMES.contains(&attribute.attr.as_str())
                {
                    self.value = Some(&assign.value);
                }
            }
            AnyNodeRef::ExprCall(call) => {
                self.is_method |= call.func.as_attribute_expr().is_some_and(|attribute| self.is_own(attribute));
            }
            AnyNodeRef::ExprAttribute(attribute) if self.name.is_none() && self.is_own(attribute) => {
                self.name = Some(attribute.attr.as_str());
            }
            _ => {}
        }
        TraversalSignal::Traverse
    }
}
