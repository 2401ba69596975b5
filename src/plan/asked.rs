//! `hasattr(stream, "close")` before `stream.close()`: it asks for the method that is called, by the name that it gets.

use ruff_text_size::{TextRange, TextSize};

use super::{Action, Plan};
use crate::color::{SiteVerdict, Verdicts, World};
use crate::index::facts::*;

/// Plans the names in the strings.
pub(super) fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    for (id, verdict) in &verdicts.sites {
        let SiteVerdict::Native(method) = verdict else { continue };
        let site = world.index.site(*id);
        let (facts, context) = (world.index.file(id.file), world.context(*id));
        let asks = facts.refs.iter().filter(|asked| asked.looked_up_on.is_some() && asked.usage == Usage::Condition);
        for asked in asks.filter(|asked| asked.name == site.name) {
            let is_asked = facts[asked.context].func == context.func
                && site.receiver.zip(asked.receiver).is_some_and(|(one, other)| is_same(facts, one, other));
            // Between plain quotes.
            let quote = TextSize::new(1);
            if is_asked && asked.name_range.len() == TextSize::of(asked.name.as_str()) + quote + quote {
                let name = TextRange::new(asked.name_range.start() + quote, asked.name_range.end() - quote);
                let action = Action::Mention { name, to: method.clone() };
                let actions = plan.entry(id.file).or_default();
                if !actions.contains(&action) {
                    actions.push(action);
                }
            }
        }
    }
}

/// Are both the same name or dotted name?
fn is_same(facts: &FileFacts, one: ValueId, other: ValueId) -> bool {
    match (&facts[one], &facts[other]) {
        (Value::Name { name, .. }, Value::Name { name: other, .. }) => name == other,
        (Value::Attribute { receiver, name }, Value::Attribute { receiver: other_receiver, name: other_name }) => {
            name == other_name && is_same(facts, *receiver, *other_receiver)
        }
        _ => false,
    }
}
