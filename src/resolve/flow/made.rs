//! What functions from outside give: `psycopg.connect()`. Nobody in the program says it, and ty may know it from their annotations.
//!
//! Asked of a state of its own, in which such objects are the expressions that they come from.

use std::rc::Rc;

use ruff_python_ast::name::Name;

use super::asks::Asks;
use super::object::{Node, Object, Selector, Set, Symbol};
use super::solver::Solver;
use crate::index::facts::*;
use crate::py::expression;
use crate::py::infer::Answer;
use crate::resolve::Builder;
use crate::resolve::names::Meaning;
use crate::resolve::site;

/// Longer expressions are not known: a loop may make them longer and longer.
const LONGEST: usize = 200;

impl Builder<'_> {
    fn made_solver(&mut self) -> Solver<'_> {
        self.builtin_names();
        self.made.begin(Asks::Made, &self.flow.builtin_names);
        Solver::new(self.project, self.index, &mut self.graph.hierarchy, &mut self.made)
    }

    /// What an expression may be, with what functions from outside give.
    pub(super) fn solve_made(&mut self, value: ValueId) -> Rc<Set> {
        self.made_solver().solve(Node::Value(value), vec![])
    }

    /// The path of a foreign object of such a set.
    pub(super) fn made_text(&mut self, symbol: Symbol) -> Rc<str> {
        self.made_solver().text(symbol)
    }

    /// What ty says of a member of what a function from outside gives.
    pub(super) fn made_member(&mut self, made: Symbol, name: &Name) -> Option<Rc<Answer>> {
        let text = self.made_text(made);
        let ask = || expression::member(self.db, &text, name).map(Rc::new);
        self.made.members.entry((made, name.clone())).or_insert_with(ask).clone()
    }
}

/// Does ty know all that gets to the receiver of a site, and none of it is ours?
pub(crate) fn is_known_outside(builder: &mut Builder, id: RefId) -> bool {
    let site = builder.index.site(id);
    let (Some(receiver), name) = (site.receiver, site.name.clone()) else { return false };
    let set = builder.solve_made(receiver);
    let mut is_known = false;
    for object in set.objects() {
        match object {
            Object::Made(symbol) => {
                let Some(answer) = builder.made_member(symbol, &name) else { return false };
                if answer.definitions.is_empty() || !site::targets_of(builder, &answer).is_empty() {
                    return false;
                }
                is_known = true;
            }
            Object::None => {}
            _ => return false,
        }
    }
    is_known
}

impl Solver<'_> {
    /// What a call of something from outside gives.
    pub(super) fn called_outside(&mut self, callee: Object, call: CallId, path: &[Selector]) {
        let Some(callee) = self.expression_of(callee) else { return self.push(Object::Unknown, None) };
        let given = self.index.call(call).args.iter().map(|arg| match (&arg.keyword, arg.is_star) {
            (Some(name), _) => format!("{name}={}", self.argument_outside(arg.value)),
            (None, false) => self.argument_outside(arg.value).to_owned(),
            (None, true) => "*_, **_".to_owned(),
        });
        let given: Vec<String> = given.collect();
        self.given_outside(&format!("{callee}({})", given.join(", ")), path);
    }

    /// What is known of an argument, that overloads may tell apart.
    fn argument_outside(&self, value: ValueId) -> &'static str {
        match self.index.value(value) {
            Value::Text(_) => "\"\"",
            Value::Name { .. } | Value::Attribute { .. } => match self.names().evaluate(value).as_slice() {
                [Meaning::Class(_)] => "object",
                _ => "_",
            },
            _ => "_",
        }
    }

    /// What something from outside gives, by an expression for it, or what stands in that.
    pub(super) fn given_outside(&mut self, expression: &str, path: &[Selector]) {
        let step = |inner: String, step: &Selector| match step {
            Selector::Element => inner + ".__iter__().__next__()",
            Selector::Value => inner + ".values().__iter__().__next__()",
            Selector::Index(at) => format!("{inner}[{at}]"),
            Selector::Key(_) | Selector::Item => inner + "[_]",
        };
        let expression = path.iter().fold(expression.to_owned(), step);
        let object = match expression.len() {
            ..=LONGEST => Object::Made(self.symbol(&expression)),
            _ => Object::Unknown,
        };
        self.push(object, None);
    }

    /// The expression for an object from outside; none where there is none, or none is asked for.
    pub(super) fn expression_of(&self, object: Object) -> Option<String> {
        if self.state.asks != Asks::Made {
            return None;
        }
        match object {
            Object::External(symbol) | Object::Made(symbol) => Some(self.text(symbol).to_string()),
            Object::ExternalInstance(symbol) => Some(format!("{}()", self.text(symbol))),
            Object::ExternalMember(symbol) => {
                let text = self.text(symbol);
                let (class, name) = text.rsplit_once('.')?;
                Some(format!("{class}().{name}"))
            }
            _ => None,
        }
    }
}
