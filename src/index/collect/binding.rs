//! Names that statements bind: targets, parameters, imports, patterns.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Pattern};
use ruff_text_size::{Ranged, TextLen, TextRange, TextSize};

use super::super::facts::*;
use super::Collector;

/// `a, *b = x`, and `a[:] = x`.
fn takes_elements(target: &Expr) -> bool {
    match target {
        Expr::Tuple(_) | Expr::List(_) => true,
        Expr::Subscript(target) => target.slice.is_slice_expr(),
        _ => false,
    }
}

/// Builtin types whose one positional pattern matches the whole object (PEP 634).
const MATCH_THEMSELVES: [&str; 11] =
    ["bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"];

impl Collector<'_> {
    pub(super) fn bind_name(&mut self, name: Name, range: TextRange, bound: Bound) {
        self.forget(&name);
        // A walrus inside a comprehension binds in the function around it (PEP 572); loop targets bind where they stand.
        let scope = &mut self.facts.scopes[self.scope.index as usize];
        scope.bindings.push(Binding { name, range, bound });
    }

    pub(super) fn bind(&mut self, target: &Expr, bound: Bound) {
        if let Expr::Name(name) = target {
            self.bind_name(name.id.clone(), name.range, bound);
        }
    }

    pub(super) fn assign(&mut self, node: &ast::StmtAssign) {
        let unpacks = node.targets.iter().all(takes_elements);
        let value = self.expression(&node.value, if unpacks { Usage::Unpacked } else { Usage::Assigned });
        if unpacks {
            self.used_up(&node.value, value, Usage::Unpacked);
        }
        for target in &node.targets {
            self.target(target, Some(value));
        }
        let is_exports = node.targets.iter().any(|target| matches!(target, Expr::Name(name) if name.id == "__all__"));
        if is_exports {
            self.exports(&node.value);
        }
    }

    fn exports(&mut self, value: &Expr) {
        let elements = match value {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return,
        };
        for element in elements {
            if let Expr::StringLiteral(text) = element {
                self.facts.exports.push(Name::new(text.value.to_str()));
            }
        }
    }

    pub(super) fn augmented_assign(&mut self, node: &ast::StmtAugAssign) {
        let Expr::Name(name) = &*node.target else {
            let usage = if node.op == ast::Operator::Add { Usage::Added } else { Usage::Other };
            self.lost(Some(&node.value), usage);
            return self.target(&node.target, None);
        };
        if node.op != ast::Operator::Add {
            self.lost(Some(&node.value), Usage::Other);
            return self.target(&node.target, None);
        }
        let added = self.expression(&node.value, Usage::Added);
        self.used_up(&node.value, added, Usage::Added);
        let before = self.value(Value::Name { name: name.id.clone(), scope: self.scope });
        let sum = match self.facts[added] {
            Value::Builtin | Value::Text(_) | Value::Pattern(_) => self.value(Value::Builtin),
            _ => self.value(Value::Sum(vec![before, added])),
        };
        self.target(&node.target, Some(sum));
    }

    pub(super) fn annotated_assign(&mut self, node: &ast::StmtAnnAssign) {
        let annotation = self.annotation(&node.annotation);
        let value = node.value.as_deref().map(|value| self.expression(value, Usage::Assigned));
        match &*node.target {
            Expr::Name(name) => {
                self.bind_name(name.id.clone(), name.range, Bound::Annotated { annotation, value });
            }
            Expr::Attribute(attribute) => {
                self.attribute_store(attribute, value, Some(annotation));
            }
            target => self.target(target, value),
        }
    }

    /// Binds what an assignment target names to `value` (none: not followed).
    pub(super) fn target(&mut self, target: &Expr, value: Option<ValueId>) {
        match target {
            Expr::Name(name) => {
                let bound = value.map_or(Bound::Unknown, Bound::Value);
                self.bind_name(name.id.clone(), name.range, bound);
            }
            Expr::Attribute(attribute) => {
                self.attribute_store(attribute, value, None);
                // `self.__dict__ = values`
                if let ("__dict__", Some(value)) = (attribute.attr.as_str(), value)
                    && let Some(write) = self.facts.attribute_writes.last()
                {
                    let receiver = write.receiver;
                    self.facts.bulk_writes.push(BulkWrite { receiver, name: None, value });
                }
            }
            Expr::Subscript(subscript) => {
                self.note_state_write();
                let container = self.expression(&subscript.value, Usage::Subscripted);
                self.operator("__setitem__", &subscript.value, container, subscript.range());
                let index = self.expression(&subscript.slice, Usage::Other);
                if let (Some(receiver), Some(value)) = (self.namespace_of(&subscript.value), value) {
                    self.facts.bulk_writes.push(BulkWrite { receiver, name: Some(index), value });
                }
                let key = match &*subscript.slice {
                    Expr::StringLiteral(text) => Some(Name::new(text.value.to_str())),
                    _ => None,
                };
                // `a[1:2] = rows`: the elements are put there.
                let value = match value {
                    Some(value) if subscript.slice.is_slice_expr() => Some(self.value(Value::ElementOf(value))),
                    value => value,
                };
                self.facts.item_writes.push(ItemWrite { container, key, value });
            }
            Expr::Starred(starred) => self.target(&starred.value, None),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let star = elts.iter().position(Expr::is_starred_expr).unwrap_or(elts.len());
                for (index, element) in elts.iter().enumerate() {
                    // What stands after `*rest` is counted from the end: any element.
                    let part = value.map(|value| match self.displayed(value, index) {
                        _ if index > star => self.value(Value::ElementOf(value)),
                        Some(part) => part,
                        None => self.value(Value::PartOf(value, index as u32)),
                    });
                    self.target(element, part);
                }
            }
            other => {
                self.expression(other, Usage::Store);
            }
        }
    }

    /// `a, b = b, a`: the part of a display, where nothing starred moves it.
    fn displayed(&self, value: ValueId, index: usize) -> Option<ValueId> {
        let Value::Elements(values) = &self.facts[value] else { return None };
        let before = values.get(..=index)?;
        let is_starred = |value: &ValueId| matches!(self.facts[*value], Value::Spread(_));
        before.last().copied().filter(|_| !before.iter().any(is_starred))
    }

    fn note_state_write(&mut self) {
        if let Some(traits) = self.traits() {
            traits.writes_state = true;
        }
    }

    fn attribute_store(&mut self, attribute: &ast::ExprAttribute, value: Option<ValueId>, annotation: Option<ValueId>) {
        self.note_state_write();
        let receiver = self.expression(&attribute.value, Usage::Receiver);
        let context = self.context();
        self.facts.attribute_writes.push(AttributeWrite {
            name: attribute.attr.id.clone(),
            receiver,
            value,
            annotation,
            range: attribute.range,
            context,
        });
        self.facts.refs.push(Ref {
            looked_up_on: None,
            name: attribute.attr.id.clone(),
            name_range: attribute.attr.range,
            range: attribute.range,
            receiver: Some(receiver),
            value: receiver,
            context,
            usage: Usage::Store,
        });
    }

    pub(super) fn delete(&mut self, target: &Expr) {
        match target {
            // Nothing comes out of a name that is bound to nothing.
            Expr::Name(name) => {
                let nothing = self.value(Value::None);
                self.bind_name(name.id.clone(), name.range, Bound::Value(nothing));
            }
            other => {
                self.expression(other, Usage::Delete);
            }
        }
    }

    pub(super) fn parameters(&mut self, parameters: &ast::Parameters, _func: FuncId) -> Vec<Param> {
        let variadics =
            [(parameters.vararg.as_deref(), ParamKind::Variadic), (parameters.kwarg.as_deref(), ParamKind::Keywords)];
        // The order of `Parameters::iter`, which the bindings use too.
        parameters
            .iter()
            .map(|parameter| {
                let name = parameter.name();
                let kind = if let Some((_, kind)) =
                    variadics.iter().find(|(node, _)| node.is_some_and(|node| node.name.range == name.range))
                {
                    *kind
                } else if parameters.posonlyargs.iter().any(|node| node.parameter.name.range == name.range) {
                    ParamKind::PositionalOnly
                } else if parameters.args.iter().any(|node| node.parameter.name.range == name.range) {
                    ParamKind::Standard
                } else {
                    ParamKind::KeywordOnly
                };
                Param {
                    name: name.id.clone(),
                    kind,
                    annotation: parameter.annotation().map(|annotation| self.annotation(annotation)),
                    default: parameter.default().map(|default| self.expression(default, Usage::Default)),
                }
            })
            .collect()
    }

    pub(super) fn inert(&mut self, name: Option<&ast::Identifier>) {
        if let Some(name) = name {
            self.facts.inert.push((name.id.clone(), name.range.start()));
        }
    }

    /// The parts of a dotted module path, by the text: blanks may stand around the dots.
    fn module_path(&mut self, range: TextRange) {
        let mut offset = range.start();
        for part in self.text[range].split('.') {
            let blanks = part.len() - part.trim_start().len();
            let start = offset + TextSize::new(blanks as u32);
            self.facts.inert.push((Name::new(part.trim()), start));
            offset += part.text_len() + TextSize::new(1);
        }
    }

    pub(super) fn import(&mut self, node: &ast::StmtImport) {
        for alias in &node.names {
            self.module_path(alias.name.range);
            let module = alias.name.to_string();
            let binds = match &alias.asname {
                Some(name) => name.id.clone(),
                None => Name::new(module.split('.').next().unwrap_or_default()),
            };
            self.push_import(Import {
                module: Some(module),
                level: 0,
                module_range: Some(alias.name.range),
                name: None,
                alias: alias.asname.as_ref().map(|name| name.id.clone()),
                binds,
                range: alias.name.range,
                alias_range: alias.asname.as_ref().map(Ranged::range),
                scope: self.scope,
            });
        }
    }

    pub(super) fn import_from(&mut self, node: &ast::StmtImportFrom) {
        if let Some(module) = &node.module {
            self.module_path(module.range);
        }
        for alias in &node.names {
            self.push_import(Import {
                module: node.module.as_ref().map(ToString::to_string),
                level: node.level,
                module_range: node.module.as_ref().map(Ranged::range),
                name: Some(alias.name.id.clone()),
                alias: alias.asname.as_ref().map(|name| name.id.clone()),
                binds: alias.asname.as_ref().map_or(&alias.name.id, |name| &name.id).clone(),
                range: alias.name.range,
                alias_range: alias.asname.as_ref().map(Ranged::range),
                scope: self.scope,
            });
        }
    }

    fn push_import(&mut self, import: Import) {
        let index = self.facts.imports.len() as u32;
        self.bind_name(import.binds.clone(), import.alias_range.unwrap_or(import.range), Bound::Import(index));
        self.facts.imports.push(import);
    }

    /// `subject`: what is matched.
    pub(super) fn pattern(&mut self, pattern: &Pattern, subject: ValueId) {
        match pattern {
            Pattern::MatchValue(node) => {
                self.expression(&node.value, Usage::Other);
            }
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => {
                for (at, pattern) in node.patterns.iter().enumerate() {
                    let is_behind_star = node.patterns[..at].iter().any(|before| before.is_match_star());
                    let part = match u32::try_from(at) {
                        Ok(at) if !is_behind_star => Value::PartOf(subject, at),
                        _ => Value::ElementOf(subject),
                    };
                    let part = self.value(part);
                    self.pattern(pattern, part);
                }
            }
            Pattern::MatchMapping(node) => {
                for (key, pattern) in node.keys.iter().zip(&node.patterns) {
                    let index = self.expression(key, Usage::Other);
                    let key = match &self.facts[index] {
                        Value::Text(text) => Some(text.clone()),
                        _ => None,
                    };
                    let item = self.value(Value::Subscript { value: subject, key, index });
                    self.pattern(pattern, item);
                }
                self.capture(node.rest.as_ref(), Bound::Unknown);
            }
            Pattern::MatchClass(node) => {
                let class = self.expression(&node.cls, Usage::Other);
                let is_builtin =
                    matches!(&self.facts[class], Value::Name { name, .. } if MATCH_THEMSELVES.contains(&name.as_str()));
                for pattern in &node.arguments.patterns {
                    if is_builtin {
                        self.pattern(pattern, subject);
                        continue;
                    }
                    // Which attribute it is, the class says at run time.
                    let value = self.value(Value::Unknown);
                    self.pick_all(Holder::Object(subject), value, 0, pattern.range());
                    self.pattern(pattern, value);
                }
                for keyword in &node.arguments.keywords {
                    self.inert(Some(&keyword.attr));
                    let name = &keyword.attr.id;
                    // `case Shape(side=0)` reads `side`, a property perhaps.
                    self.implicit_ref(name, node.cls.range(), class, Usage::Other);
                    let value = self.value(Value::Attribute { receiver: subject, name: name.clone() });
                    let text = self.value(Value::Text(name.clone()));
                    self.pick(Holder::Object(subject), text, value, 0, keyword.range());
                    self.pattern(&keyword.pattern, value);
                }
            }
            Pattern::MatchStar(node) => self.capture(node.name.as_ref(), Bound::Unknown),
            Pattern::MatchAs(node) => {
                if let Some(pattern) = node.pattern.as_deref() {
                    self.pattern(pattern, subject);
                }
                self.capture(node.name.as_ref(), Bound::Value(subject));
            }
            Pattern::MatchOr(node) => node.patterns.iter().for_each(|pattern| self.pattern(pattern, subject)),
        }
    }

    fn capture(&mut self, name: Option<&ast::Identifier>, bound: Bound) {
        if let Some(name) = name {
            self.bind_name(name.id.clone(), name.range, bound);
        }
    }
}
