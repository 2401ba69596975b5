//! Calls that run a generator, or a generator expression, before they return.

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::{World, hazard, shape};
use crate::index::facts::*;
use crate::resolve::names::Meaning;
use crate::resolve::{Site, eager};

/// Does the call take all elements of the argument at `index` before it returns, in order? `enumerate` or `csv.reader` in a `list` does too.
pub fn takes_all(world: World, call: CallId, index: u32) -> bool {
    let names = world.names();
    if eager::takes_all(&names, call, index) || stops_early(world, call) && index == 0 && world.config.allow_unsafe {
        return true;
    }
    let facts = world.index.call(call);
    match facts.usage {
        Usage::Argument { call: outer, index: at } if index == 0 && eager::gives_on(&names, facts) => {
            takes_all(world, outer, at)
        }
        _ => false,
    }
}

/// Does the generator, or one that overrides it, hold something open over a `yield`, itself or through another that it iterates
/// over? Who stops early must close it then.
pub fn holds_open(world: World, func: FuncId) -> bool {
    let mut seen = FxHashSet::default();
    let mut pending = vec![func];
    while let Some(func) = pending.pop() {
        let facts = world.index.func(func);
        if !seen.insert(func) {
            continue;
        }
        // What is declared in a base or a Protocol holds nothing itself.
        pending.extend(world.graph.family_of(func));
        if !facts.traits.is_generator {
            continue;
        }
        if facts.traits.yields_under_try {
            return true;
        }
        pending.extend(iterated_in(world, func));
    }
    false
}

/// What gives the generators that a function iterates over: what blocks nowhere is no site, and holds open all the same.
fn iterated_in(world: World, func: FuncId) -> Vec<FuncId> {
    let facts = world.index.file(func.file);
    let resolved = hazard::resolved_in(world, func.file);
    let calls = facts.calls.iter().enumerate().filter(|(_, call)| {
        facts[call.context].func == Some(func) && matches!(call.usage, Usage::ForIter { .. } | Usage::YieldFrom { .. })
    });
    let targets = calls.flat_map(|(index, call)| {
        let id = CallId { file: func.file, index: index as u32 };
        resolved.get(&id).cloned().unwrap_or_else(|| named(world, call))
    });
    // `for x in self:`
    let sites = world.graph.sites_in_file(func.file).filter(|site| {
        let is_iterated = matches!(world.index.site(site.id).usage, Usage::ForIter { .. } | Usage::YieldFrom { .. });
        is_iterated && world.owner(site.id) == Some(func)
    });
    targets.chain(sites.flat_map(|site| site.targets.iter().copied())).collect()
}

/// The functions that a call may run, by its name alone.
fn named(world: World, call: &Call) -> Vec<FuncId> {
    let names = world.names();
    match names.evaluate(call.func).as_slice() {
        [Meaning::Func(func)] => vec![*func],
        [Meaning::External(_) | Meaning::Class(_)] => vec![],
        _ => names.last_name(call.func).map(|name| world.index.funcs_of(name).to_vec()).unwrap_or_default(),
    }
}

/// `for i, x in enumerate(g()):`, where `next` can be called too.
pub fn is_counted(world: World, call: CallId) -> bool {
    let (names, facts) = (world.names(), world.index.call(call));
    let is_next = |scope: ScopeId| names.lookup(scope, "next") == [Meaning::External("builtins.next".into())];
    matches!(facts.usage, Usage::ForIter { is_async: false, .. })
        && eager::is_builtin(&names, facts, &["enumerate"])
        && is_next(world.index.context(facts.context).scope)
}

/// `any` and `all`.
fn stops_early(world: World, call: CallId) -> bool {
    let facts = world.index.call(call);
    eager::is_builtin(&world.names(), facts, &["any", "all"]) && facts.args.len() == 1
}

/// `next(g(), default)`: without the default, another exception would come out of it.
pub fn is_next_with_default(world: World, call: CallId) -> bool {
    eager::is_next(&world.names(), call) && world.index.call(call).args.len() == 2
}

/// A list takes the place of `f(x) for x in y`: all elements are taken, in order, before anything else happens.
pub fn becomes_list(world: World, generator: &GeneratorExpression) -> bool {
    match (generator.is_starred, generator.consumer) {
        (true, _) => true,
        (false, Some(call)) => {
            let at = world.index.call(call).args.iter().position(|arg| arg.range == generator.range);
            at.is_some_and(|at| takes_all(world, call, at as u32))
        }
        (false, None) => false,
    }
}

/// May the call stop before the end of a generator that holds something open? Such a one is closed when it is let go of, and a
/// worker holds on to what it is given for longer than the call takes: it has to be made there.
pub fn leaves_open(world: World, call: CallId) -> bool {
    let (facts, names) = (world.index.file(call.file), world.names());
    let range = facts[call].range;
    let inside = facts.calls.iter().filter(|other| range.contains_range(other.range));
    let stops = |other: &Call| {
        eager::is_builtin(&names, other, &["any", "all", "next", "zip"])
            || matches!(names.evaluate(other.func).as_slice(),
                [Meaning::External(path)] if path.starts_with("itertools."))
    };
    let is_held = |other: &Call| named(world, other).into_iter().any(|func| holds_open(world, func));
    let inside: Vec<&Call> = inside.collect();
    // `functools.partial(self.rows, 3)()`
    let is_named = || {
        let mut sites = world.graph.sites_in_file(call.file);
        sites.any(|site| {
            range.contains_range(world.index.site(site.id).range)
                && site.targets.iter().any(|func| holds_open(world, *func))
        })
    };
    inside.iter().any(|other| stops(other)) && (inside.iter().any(|other| is_held(other)) || is_named())
}

/// Can an await stand in this context, once the generator expressions around it are lists?
pub fn can_await(world: World, context: ContextId) -> bool {
    let context = world.index.context(context);
    match context.barrier {
        None => true,
        Some(Barrier::Generator) => context.generators.iter().all(|generator| becomes_list(world, generator)),
        Some(_) => false,
    }
}

/// The call that runs what blocks at this site and can be offloaded in its place: `any(f(x) for x in y)`, `sum(g())`. A
/// worker then runs the generator as the loop's thread would have.
pub fn offloadable(world: World, site: &Site) -> Option<CallId> {
    let context = world.context(site.id);
    let usage = world.index.site(site.id).usage;
    let around = match context.barrier {
        None => return taker(world, site, usage).and_then(|(call, range)| running(world, call, range)),
        Some(Barrier::Generator) => &context.generators,
        Some(_) => return None,
    };
    // What is around it and becomes a list lets the call inside be awaited, where that is what runs it: a `load` that is no
    // generator runs before `sum(x.load())` does.
    let lazy = around.iter().find(|generator| !becomes_list(world, generator));
    let inside = || taker(world, site, usage).and_then(|(call, range)| running(world, call, range));
    (lazy.is_none() && shape::is_lazy(world, site)).then(inside).flatten().or_else(|| {
        let generator = lazy.or(around.first())?;
        running(world, generator.consumer?, generator.range)
    })
}

/// The call that is given what the site makes, and what it is given.
fn taker(world: World, site: &Site, usage: Usage) -> Option<(CallId, TextRange)> {
    let (usage, range) = match usage {
        Usage::Called(own) => (world.index.call(own).usage, world.index.call(own).range),
        usage => (usage, world.index.site(site.id).range),
    };
    match usage {
        Usage::Argument { call, .. } => Some((call, range)),
        // `sum(x for x in g())`
        Usage::ComprehensionIter { kind: ComprehensionKind::Generator(around), first: true, .. } => {
            Some((around.consumer?, around.range))
        }
        _ => None,
    }
}

/// Does the call run the generator expression, before it returns?
pub fn is_run_by(world: World, generator: &GeneratorExpression, call: CallId) -> bool {
    generator.consumer.and_then(|consumer| running(world, consumer, generator.range)) == Some(call)
}

/// The call that runs the argument that stands at `range`: `call`, or one around it.
fn running(world: World, mut call: CallId, mut range: TextRange) -> Option<CallId> {
    // `list(islice(map(f, g()), 2))`: what is in between runs nothing by itself.
    loop {
        let consumer = world.index.call(call);
        let at = consumer.args.iter().position(|arg| arg.range == range)? as u32;
        let runs_all = eager::takes_all(&world.names(), call, at)
            || at == 0 && (stops_early(world, call) || is_next_with_default(world, call));
        if runs_all {
            return can_await(world, consumer.context).then_some(call);
        }
        match consumer.usage {
            Usage::Argument { call: outer, .. } if eager::is_lazy(&world.names(), consumer) => {
                (call, range) = (outer, consumer.range)
            }
            _ => return None,
        }
    }
}
