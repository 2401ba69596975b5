//! What a lambda or a generator runs in a worker thread, and what would run on the loop once the offload is unwrapped.

use super::World;
use super::obstacle::COROUTINE_CARRIERS;
use super::shape::{Shape, shape_of_targets};
use crate::index::facts::*;
use crate::resolve::Site;
use crate::resolve::names::Meaning;

/// Is the call at the site all that its lambda does?
pub fn is_whole_body(world: World, site: &Site) -> bool {
    let Usage::Called(call) = world.index.site(site.id).usage else { return false };
    let lambda = world.context(site.id).lambda_func.and_then(|func| world.index.func(func).lambda);
    lambda.is_some_and(|lambda| lambda.body == world.index.call(call).range)
}

/// True when the call at site `id` is all that may block in the lambda that `offload` runs: the rest can move to the loop.
pub fn blocks_alone(world: World, offload: CallId, id: RefId) -> bool {
    let facts = world.index.file(id.file);
    let range = world.index.call(offload).range;
    let own = world.index.site(id).usage;
    let inside = |context: ContextId| facts[context].lambda == Some(range);
    let others = facts.calls.iter().enumerate().filter(|(index, call)| {
        inside(call.context) && own != Usage::Called(CallId { file: id.file, index: *index as u32 })
    });
    let named = world.graph.sites_in_file(id.file).filter(|site| site.id != id && site.kind.runs());
    others.into_iter().all(|(_, call)| !may_block(world, call))
        && !named.into_iter().any(|site| inside(world.index.site(site.id).context))
}

/// Does an offload take the generator that the site makes, or stands in: `to_thread(sum, rows(x))`, `to_thread(sum, (f(x) for x in
/// y))`? What blocks in it blocks in the worker.
pub fn is_given_to_one(world: World, site: &Site) -> bool {
    let context = world.context(site.id);
    match (context.barrier, &context.generators[..], world.result_usage(site.id)) {
        (Some(Barrier::Generator), [.., GeneratorExpression { consumer: Some(consumer), .. }], _) => {
            is_offload(world, *consumer)
        }
        (None, _, Some(Usage::Argument { call, .. })) => {
            shape_of_targets(world, site) == Some(Shape::Generator) && is_offload(world, call)
        }
        _ => false,
    }
}

/// `asyncio.to_thread(...)` and the like.
fn is_offload(world: World, call: CallId) -> bool {
    let path = world.names().dotted(world.index.call(call).func);
    let own = || world.config.offload.own_path();
    path.is_some_and(|path| COROUTINE_CARRIERS.contains(&path.as_str()) || own().is_some_and(|own| own == path))
}

/// May the call block? Builtins, and functions and classes that lead to nothing blocking, do not.
fn may_block(world: World, call: &Call) -> bool {
    let is_known = |meaning: &Meaning| match meaning {
        Meaning::Func(func) => !world.graph.nodes.contains(func) && !world.graph.layer.contains(func),
        Meaning::Class(_) => true,
        Meaning::External(path) => path.starts_with("builtins."),
        Meaning::Module(_)
        | Meaning::Value(_)
        | Meaning::Annotated { .. }
        | Meaning::Param { .. }
        | Meaning::Unknown => false,
    };
    if world.names().evaluate(call.func).iter().all(is_known) {
        return false;
    }
    let Value::Attribute { receiver, name } = world.index.value(call.func) else { return true };
    let is_declared = world.graph.entries.iter().any(|entry| {
        let by_receiver = entry.receiver.as_ref().is_some_and(|patterns| {
            world.names().last_name(*receiver).is_some_and(|receiver| patterns.matches(receiver))
        });
        by_receiver || entry.function.is_some() || entry.class.is_some() && entry.method.matches(name)
    });
    is_declared || world.graph.names.contains(name)
}
