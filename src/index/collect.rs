//! One visitor that turns the syntax tree of a file into [`FileFacts`]. This file walks statements; expressions are in
//! `collect/expression.rs`, binding targets in `collect/binding.rs`, `raise` and `try` in `collect/exception.rs`.

mod binding;
mod call;
mod deferred;
mod exception;
mod expression;
mod fallback;
mod named_by_string;
mod narrow;
mod pick;

use std::collections::BTreeSet;

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;

use self::narrow::{Holds, Narrowed};

use super::facts::*;
use super::joined;

/// Collects the facts of one parsed file. `text` is what was parsed; comments are looked up in it.
pub fn collect(file: FileId, text: &str, body: &[Stmt]) -> FileFacts {
    let mut collector = Collector::new(file, text);
    collector.body(body);
    collector.facts.statements = statements(text);
    for scope in &mut collector.facts.scopes {
        scope.sort();
    }
    let bindings = collector.facts.scopes.iter().flat_map(|scope| &scope.bindings);
    let outer = bindings.filter(|binding| binding.bound == Bound::Outer).map(|binding| binding.name.clone());
    collector.facts.outer_names = outer.collect::<BTreeSet<Name>>().into_iter().collect();
    let refs = &collector.facts.refs;
    let mut by_name: Vec<u32> = (0..refs.len() as u32).collect();
    by_name.sort_by(|left, right| refs[*left as usize].name.cmp(&refs[*right as usize].name));
    collector.facts.refs_by_name = by_name;
    give_back(&mut collector.facts);
    collector.facts
}

/// The facts stay: what the larger tables hold in reserve is given back.
fn give_back(facts: &mut FileFacts) {
    facts.refs.shrink_to_fit();
    facts.calls.shrink_to_fit();
    facts.values.shrink_to_fit();
    facts.contexts.shrink_to_fit();
    facts.funcs.shrink_to_fit();
    facts.inert.shrink_to_fit();
    facts.imports.shrink_to_fit();
    facts.scopes.iter_mut().for_each(|scope| scope.bindings.shrink_to_fit());
}

/// The walk's state: where it stands, and the facts so far.
struct Collector<'a> {
    file: FileId,
    text: &'a str,
    /// Does `KeyboardInterrupt` stand anywhere in the file?
    has_interrupt: bool,
    facts: FileFacts,
    context: Context,
    /// The table entry of `context`, once something asked for it.
    context_id: Option<ContextId>,
    /// The entries so far: one like another is the same.
    contexts: FxHashMap<Context, ContextId>,
    scope: ScopeId,
    qualname: Vec<String>,
    /// What `isinstance` told, the last that was learned last.
    narrowed: Vec<Narrowed>,
    /// Nesting of `try` and `with` inside the current function.
    protected: u32,
}

impl<'a> Collector<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        let scope = ScopeId { file, index: 0 };
        let mut facts = FileFacts::default();
        facts.scopes.push(Scope::new(ScopeKind::Module, None));
        let context = Context::plain(scope);
        Self {
            file,
            text,
            has_interrupt: text.contains(exception::INTERRUPT),
            facts,
            context,
            context_id: None,
            contexts: FxHashMap::default(),
            scope,
            qualname: vec![],
            narrowed: vec![],
            protected: 0,
        }
    }

    fn context(&mut self) -> ContextId {
        if let Some(id) = self.context_id {
            return id;
        }
        let next = ContextId { file: self.file, index: self.facts.contexts.len() as u32 };
        let id = *self.contexts.entry(self.context.clone()).or_insert(next);
        if id == next {
            self.facts.contexts.push(self.context.clone());
        }
        self.context_id = Some(id);
        id
    }

    /// Runs `body` in a changed context, then puts the old one back.
    fn within(&mut self, change: impl FnOnce(&mut Context), body: impl FnOnce(&mut Self)) {
        let saved = self.context.clone();
        let saved_id = self.context_id.take();
        let saved_scope = self.scope;
        change(&mut self.context);
        self.scope = self.context.scope;
        body(self);
        self.context = saved;
        self.context_id = saved_id;
        self.scope = saved_scope;
    }

    fn push_scope(&mut self, kind: ScopeKind) -> ScopeId {
        let id = ScopeId { file: self.file, index: self.facts.scopes.len() as u32 };
        self.facts.scopes.push(Scope::new(kind, Some(self.scope)));
        id
    }

    fn traits(&mut self) -> Option<&mut FuncTraits> {
        let func = self.context.func?;
        Some(&mut self.facts.funcs[func.index as usize].traits)
    }

    fn body(&mut self, body: &[Stmt]) {
        let before = self.narrowed.len();
        for (at, statement) in body.iter().enumerate() {
            self.statement(statement);
            self.learn_behind(statement);
            if let Some(joined) = joined::ending_at(body, at) {
                let (context, run) = (self.context(), joined.runner.range());
                let kind = FallbackKind::Joined;
                self.facts.fallbacks.push(Fallback { statement: statement.range(), context, run, kind });
            }
        }
        self.narrowed.truncate(before);
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(node) => self.return_statement(node),
            Stmt::Delete(node) => node.targets.iter().for_each(|target| self.delete(target)),
            Stmt::TypeAlias(node) => self.bind(&node.name, Bound::Unknown),
            Stmt::Assign(node) => self.assign(node),
            Stmt::AugAssign(node) => self.augmented_assign(node),
            Stmt::AnnAssign(node) => self.annotated_assign(node),
            Stmt::For(node) => self.for_statement(node),
            Stmt::While(node) => {
                self.facts.loops.push(node.range);
                self.forget_in_loop(&node.body);
                self.expression(&node.test, Usage::Condition);
                self.knowing(&node.test, Holds::Yes, |this| this.body(&node.body));
                self.body(&node.orelse);
            }
            Stmt::If(node) => self.if_statement(node),
            Stmt::With(node) => self.with_statement(node),
            Stmt::Match(node) => self.match_statement(node),
            Stmt::Raise(node) => self.raise(node),
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                self.expression(&node.test, Usage::Condition);
                self.optional(node.msg.as_deref(), Usage::Other);
            }
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(node) => self.outer_names(&node.names),
            Stmt::Nonlocal(node) => self.outer_names(&node.names),
            Stmt::Expr(node) => {
                self.expression(&node.value, Usage::Statement);
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn outer_names(&mut self, names: &[ast::Identifier]) {
        if let Some(traits) = self.traits() {
            traits.declares_outer_names = true;
            traits.writes_state = true;
        }
        for name in names {
            self.bind_name(name.id.clone(), name.range, Bound::Outer);
        }
    }

    fn return_statement(&mut self, node: &ast::StmtReturn) {
        let Some(value) = node.value.as_deref() else { return };
        let id = self.expression(value, Usage::Returned);
        if let Some(func) = self.context.func {
            self.facts.funcs[func.index as usize].returns.push(Return { range: value.range(), value: id });
        }
    }

    fn for_statement(&mut self, node: &ast::StmtFor) {
        self.facts.loops.push(node.range);
        let usage = Usage::ForIter { statement: node.range, is_async: node.is_async };
        let iterable = self.expression(&node.iter, usage);
        if !node.is_async {
            self.iterated(&node.iter, iterable, usage);
        }
        self.forget_in_loop(&node.body);
        let element = self.value(Value::ElementOf(iterable));
        self.target(&node.target, Some(element));
        self.body(&node.body);
        self.body(&node.orelse);
    }

    fn if_statement(&mut self, node: &ast::StmtIf) {
        if let Some(run) = fallback::of_if(node) {
            let context = self.context();
            self.facts.fallbacks.push(Fallback { statement: node.range, context, run, kind: FallbackKind::Alone });
        }
        self.expression(&node.test, Usage::Condition);
        let main_guard = self.context.func.is_none() && is_main_guard(&node.test);
        let type_checking = is_type_checking(&node.test);
        if main_guard && !self.context.main_guard {
            let is_plain = node.elif_else_clauses.is_empty() && node.start() == self.line_start(node.start());
            self.facts.main_guards.push(MainGuard { range: node.range, is_plain });
        }
        let change = |context: &mut Context| {
            context.main_guard |= main_guard;
            context.type_checking |= type_checking;
        };
        if main_guard || type_checking {
            self.within(change, |this| this.body(&node.body));
        } else {
            self.knowing(&node.test, Holds::Yes, |this| this.body(&node.body));
        }
        for clause in &node.elif_else_clauses {
            self.optional(clause.test.as_ref(), Usage::Condition);
            match &clause.test {
                Some(test) => self.knowing(test, Holds::Yes, |this| this.body(&clause.body)),
                None => self.body(&clause.body),
            }
        }
    }

    fn with_statement(&mut self, node: &ast::StmtWith) {
        let saved = self.context.withs.clone();
        let items = node.items.iter().map(|item| item.context_expr.range()).collect();
        self.facts.with_statements.push(WithStatement { range: node.range, items });
        for item in &node.items {
            let usage = Usage::WithItem { statement: node.range, is_async: node.is_async };
            let value = self.expression(&item.context_expr, usage);
            if !node.is_async {
                self.implicit_ref("__enter__", item.context_expr.range(), value, usage);
            }
            if let Some(target) = item.optional_vars.as_deref() {
                let entered = self.value(Value::Entered(value));
                self.target(target, Some(entered));
            }
            self.context_id = None;
            let range = item.context_expr.range();
            self.context.withs.push(With { value, range, is_async: node.is_async });
        }
        self.protected += 1;
        // `with suppress(KeyboardInterrupt):`
        let interrupts = node.items.iter().any(|item| self.names_interrupt(item.context_expr.range()));
        match interrupts {
            true => self.within(|context| context.catches_interrupt = true, |this| this.body(&node.body)),
            false => self.body(&node.body),
        }
        self.protected -= 1;
        self.context_id = None;
        self.context.withs = saved;
    }

    fn match_statement(&mut self, node: &ast::StmtMatch) {
        let subject = self.expression(&node.subject, Usage::Other);
        self.facts.lost.push(subject);
        for case in &node.cases {
            self.pattern(&case.pattern, subject);
            self.optional(case.guard.as_deref(), Usage::Condition);
            self.body(&case.body);
        }
    }

    fn decorators(&mut self, decorators: &[ast::Decorator]) -> Vec<Decorator> {
        decorators
            .iter()
            .map(|decorator| Decorator {
                range: decorator.expression.range(),
                value: self.expression(&decorator.expression, Usage::Decorator),
            })
            .collect()
    }

    fn function(&mut self, node: &ast::StmtFunctionDef) {
        let id = FuncId { file: self.file, index: self.facts.funcs.len() as u32 };
        let class = match self.facts[self.scope].kind {
            ScopeKind::Class(class) => Some(class),
            _ => None,
        };
        let scope = self.push_scope(ScopeKind::Function(id));
        self.qualname.push(node.name.to_string());
        self.facts.funcs.push(Func {
            name: node.name.id.clone(),
            range: node.range,
            name_range: node.name.range,
            qualname: self.qualname.join("."),
            is_async: node.is_async,
            class,
            parent: self.context.func,
            outer_scope: self.scope,
            scope,
            decorators: vec![],
            params: vec![],
            returns: vec![],
            yields: vec![],
            returns_annotation: None,
            returns_annotation_range: node.returns.as_deref().map(Ranged::range),
            traits: FuncTraits {
                is_stub: is_stub(&node.body),
                names_interrupt: self.names_interrupt(node.range),
                ..FuncTraits::default()
            },
            lambda: None,
            keep: self.has_keep_comment(node.range.start(), node.body.first().map_or(node.end(), Ranged::start)),
        });
        if let Some(class) = class {
            self.facts.classes[class.index as usize].methods.push(id);
        }
        let decorators = self.decorators(&node.decorator_list);
        let params = self.parameters(&node.parameters, id);
        let returns = node.returns.as_deref().map(|annotation| self.annotation(annotation));
        let func = &mut self.facts.funcs[id.index as usize];
        (func.decorators, func.params, func.returns_annotation) = (decorators, params, returns);
        self.bind_name(node.name.id.clone(), node.name.range, Bound::Func(id));
        let protected = std::mem::take(&mut self.protected);
        let narrowed = std::mem::take(&mut self.narrowed);
        self.within(
            |context| {
                let type_checking = context.type_checking;
                *context = Context { func: Some(id), type_checking, ..Context::plain(scope) };
            },
            |this| {
                let names: Vec<_> = node.parameters.iter().map(|parameter| parameter.name().clone()).collect();
                for (index, name) in names.into_iter().enumerate() {
                    this.bind_name(name.id, name.range, Bound::Param { func: id, index: index as u32 });
                }
                this.body(&node.body);
            },
        );
        self.protected = protected;
        self.narrowed = narrowed;
        self.qualname.pop();
    }

    fn class(&mut self, node: &ast::StmtClassDef) {
        let id = ClassId { file: self.file, index: self.facts.classes.len() as u32 };
        let scope = self.push_scope(ScopeKind::Class(id));
        self.qualname.push(node.name.to_string());
        self.facts.classes.push(Class {
            name: node.name.id.clone(),
            range: node.range,
            name_range: node.name.range,
            qualname: self.qualname.join("."),
            bases: vec![],
            scope,
            outer_scope: self.scope,
            decorators: vec![],
            methods: vec![],
            metaclass: None,
        });
        let decorators = self.decorators(&node.decorator_list);
        let (mut bases, mut metaclass) = (vec![], None);
        for argument in node.arguments.iter().flat_map(|arguments| arguments.args.iter()) {
            bases.push(Base { range: argument.range(), value: self.expression(argument, Usage::Base) });
        }
        for keyword in node.arguments.iter().flat_map(|arguments| arguments.keywords.iter()) {
            self.inert(keyword.arg.as_ref());
            let value = self.expression(&keyword.value, Usage::Base);
            self.facts.lost.push(value);
            if keyword.arg.as_ref().is_some_and(|name| name.id == "metaclass") {
                metaclass = Some(value);
            }
        }
        let class = &mut self.facts.classes[id.index as usize];
        (class.decorators, class.bases, class.metaclass) = (decorators, bases, metaclass);
        self.bind_name(node.name.id.clone(), node.name.range, Bound::Class(id));
        self.within(
            |context| {
                context.scope = scope;
                context.barrier = Some(Barrier::ClassBody);
            },
            |this| this.body(&node.body),
        );
        self.qualname.pop();
    }

    fn line_start(&self, offset: TextSize) -> TextSize {
        let before = &self.text[..offset.to_usize()];
        TextSize::new(before.rfind(['\n', '\r']).map_or(0, |at| at + 1) as u32)
    }

    /// True when `# awaitify: keep` stands in the lines of a definition's header.
    fn has_keep_comment(&self, start: TextSize, end: TextSize) -> bool {
        self.text[TextRange::new(start, end)].contains("awaitify: keep")
    }
}

/// The comments of a file that say what a site calls. They are found by the text alone: nobody writes such a string.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = vec![];
    for at in memchr::memmem::find_iter(text.as_bytes(), b"awaitify:") {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find(['\n', '\r']).map_or(text.len(), |length| at + length);
        if !text[start..at].trim_end().ends_with('#') {
            continue;
        }
        let words: Vec<&str> = text[at + "awaitify:".len()..end].split_whitespace().collect();
        let is = match words.as_slice() {
            ["is", name, ..] => Some((*name).to_owned()),
            ["not", ..] => None,
            _ => continue,
        };
        let line = TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32));
        found.push(Statement { line, is });
    }
    found
}

fn is_main_guard(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let [right] = &*compare.comparators else { return false };
    let sides = [&*compare.left, right];
    sides.iter().any(|side| matches!(side, Expr::Name(name) if name.id == "__name__"))
        && sides.iter().any(|side| matches!(side, Expr::StringLiteral(text) if text.value.to_str() == "__main__"))
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.id == "TYPE_CHECKING",
        _ => false,
    }
}

/// `...`, `pass`, a docstring, or `raise NotImplementedError`, and nothing else.
fn is_stub(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(node) => matches!(&*node.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
        Stmt::Raise(node) => node.exc.as_deref().is_some_and(|value| {
            let name = if let Expr::Call(call) = value { &*call.func } else { value };
            matches!(name, Expr::Name(name) if name.id == "NotImplementedError")
        }),
        _ => false,
    })
}
