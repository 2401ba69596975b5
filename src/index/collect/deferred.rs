//! What runs later, or piece by piece: lambdas, comprehensions and generators.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::super::facts::*;
use super::Collector;

impl Collector<'_> {
    pub(super) fn lambda(&mut self, node: &ast::ExprLambda, usage: Usage) -> ValueId {
        let id = self.anonymous(node);
        let scope = self.facts[id].scope;
        let taker = match usage {
            Usage::Argument { call, .. } => Some(self.facts[call].range),
            _ => None,
        };
        let mut result = None;
        self.within(
            |context| {
                context.scope = scope;
                context.barrier = Some(Barrier::Lambda { range: node.range });
                context.lambda = taker;
                context.lambda_func = Some(id);
                // It runs when it is called, wherever it stands.
                context.withs = vec![];
                context.generators = vec![];
                (context.catches_interrupt, context.catches_stop) = (false, false);
                (context.in_try, context.in_handler, context.swallows_cancel) = (false, false, false);
            },
            |this| {
                let names: Vec<_> = node.parameters.iter().flat_map(|list| list.iter()).map(|one| one.name()).collect();
                for (index, name) in names.into_iter().enumerate() {
                    this.bind_name(name.id.clone(), name.range, Bound::Param { func: id, index: index as u32 });
                }
                result = Some(this.expression(&node.body, Usage::Returned));
            },
        );
        let result = result.expect("the closure ran");
        let value = self.value(Value::Lambda { func: id, result });
        let is_hoistable = self.context.barrier.is_none()
            && self.context.lambda_func.is_none()
            && matches!(self.facts[self.scope].kind, ScopeKind::Function(_) | ScopeKind::Module);
        let func = &mut self.facts.funcs[id.index as usize];
        func.lambda = Some(Lambda { value, body: node.body.range(), is_hoistable });
        func.returns = vec![Return { range: node.body.range(), value: result }];
        value
    }

    /// The function that a lambda is, still without its body.
    fn anonymous(&mut self, node: &ast::ExprLambda) -> FuncId {
        let id = FuncId { file: self.file, index: self.facts.funcs.len() as u32 };
        let scope = self.push_scope(ScopeKind::Lambda);
        let qualname = self.qualname.iter().map(String::as_str).chain(["<lambda>"]).collect::<Vec<_>>().join(".");
        self.facts.funcs.push(Func {
            name: Name::new_static("<lambda>"),
            range: node.range,
            name_range: TextRange::at(node.start(), TextSize::new(6)),
            qualname,
            is_async: false,
            class: None,
            parent: self.context.owner(),
            outer_scope: self.scope,
            scope,
            decorators: vec![],
            params: vec![],
            returns: vec![],
            yields: vec![],
            returns_annotation: None,
            returns_annotation_range: None,
            traits: FuncTraits::default(),
            keep: false,
            lambda: None,
        });
        if let Some(parameters) = node.parameters.as_deref() {
            let params = self.parameters(parameters, id);
            self.facts.funcs[id.index as usize].params = params;
        }
        id
    }

    pub(super) fn comprehension(
        &mut self,
        elements: &[&Expr],
        clauses: &[ast::Comprehension],
        kind: ComprehensionKind,
        consumer: Option<CallId>,
    ) -> ValueId {
        let [first, ..] = clauses else { return self.value(Value::Unknown) };
        let usage = |clause: &ast::Comprehension, first: bool| Usage::ComprehensionIter {
            clause: clause.range,
            kind,
            is_async: clause.is_async,
            first,
        };
        let iterable = self.expression(&first.iter, usage(first, true));
        if !first.is_async {
            self.iterated(&first.iter, iterable, usage(first, true));
        }
        let scope = self.push_scope(ScopeKind::Comprehension);
        let mut element = None;
        self.within(
            |context| {
                context.scope = scope;
                if let ComprehensionKind::Generator(generator) = kind {
                    if !matches!(context.barrier, Some(Barrier::Lambda { .. })) {
                        context.barrier = Some(Barrier::Generator);
                    }
                    context.generators.push(generator);
                }
            },
            |this| {
                let loop_value = this.value(Value::ElementOf(iterable));
                this.target(&first.target, Some(loop_value));
                for condition in &first.ifs {
                    this.expression(condition, Usage::Condition);
                }
                for clause in &clauses[1..] {
                    let inner = this.expression(&clause.iter, usage(clause, false));
                    if !clause.is_async {
                        this.iterated(&clause.iter, inner, usage(clause, false));
                    }
                    let loop_value = this.value(Value::ElementOf(inner));
                    this.target(&clause.target, Some(loop_value));
                    for condition in &clause.ifs {
                        this.expression(condition, Usage::Condition);
                    }
                }
                for part in elements {
                    // The key of a dict comprehension comes before its value.
                    this.facts.lost.extend(element);
                    element = Some(this.expression(part, Usage::Element { taker: consumer }));
                }
            },
        );
        match element {
            Some(element) => {
                let generator = match kind {
                    ComprehensionKind::Generator(generator) => Some(generator.range),
                    ComprehensionKind::List | ComprehensionKind::Set | ComprehensionKind::Dict => None,
                };
                self.value(Value::Comprehension { element, generator })
            }
            None => self.value(Value::Unknown),
        }
    }

    fn yields(&mut self, value: ValueId) {
        if let Some(func) = self.context.func {
            self.facts.funcs[func.index as usize].yields.push(value);
        }
    }

    pub(super) fn yield_expression(&mut self, node: &ast::ExprYield, usage: Usage) -> ValueId {
        let value = match node.value.as_deref() {
            Some(value) => self.expression(value, Usage::Yielded),
            None => self.value(Value::None),
        };
        self.yields(value);
        let protected = self.protected > 0;
        if let Some(traits) = self.traits() {
            traits.is_generator = true;
            traits.is_coroutine_like_generator |= usage != Usage::Statement;
            traits.yields_under_try |= protected;
        }
        self.value(Value::Unknown)
    }

    pub(super) fn yield_from(&mut self, node: &ast::ExprYieldFrom, usage: Usage) -> ValueId {
        let statement = (usage == Usage::Statement).then_some(node.range);
        let iterable = self.expression(&node.value, Usage::YieldFrom { statement });
        self.iterated(&node.value, iterable, Usage::YieldFrom { statement });
        let element = self.value(Value::ElementOf(iterable));
        self.yields(element);
        if let Some(range) = statement {
            let context = self.context();
            self.facts.delegations.push(Delegation { range, context });
        }
        let protected = self.protected > 0;
        if let Some(traits) = self.traits() {
            traits.is_generator = true;
            traits.is_coroutine_like_generator |= statement.is_none();
            traits.yields_under_try |= protected;
        }
        self.value(Value::Unknown)
    }
}
