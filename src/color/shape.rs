//! What a function becomes when it converts, and how its callers adapt to it.

use ruff_python_ast::PythonVersion;
use ruff_text_size::TextRange;

use super::{World, consumer, exit_stack, iteration, swap};
use crate::index::facts::*;
use crate::resolve::boundary::decorator_name;
use crate::resolve::{Gives, Site, SiteKind, Twin, eager};

/// What calling the converted function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A coroutine: `await f()`.
    Coroutine,
    /// An async generator: `async for x in f()`.
    Generator,
    /// An async context manager made by `@asynccontextmanager`: `async with f()`.
    Manager,
    /// `__enter__` or `__exit__`: `async with`.
    Entered,
    /// An `__iter__` that gives the iterator: `def __aiter__`.
    Iterable,
    /// `__next__`: `async def __anext__`.
    Next,
}

/// How a site adapts to a target that is no plain coroutine function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adaptation {
    /// `async for` over the call.
    For,
    /// `async for` over a generator that has to be closed where the loop is left.
    ForClosing,
    /// `for i, x in enumerate(g())`: `async for x in g()` with a counter beside it. `call` is that of `enumerate`.
    ForCounted { call: CallId },
    /// An async comprehension over the call.
    Comprehension,
    /// A generator expression over the call that becomes a list comprehension: `sum([x async for x in g()])`.
    ListOver { generator: TextRange },
    /// `yield from` becomes a loop.
    YieldFrom,
    /// `yield from` a generator that has to be closed where the one around it is.
    YieldFromClosing,
    /// `list(g())` and the like.
    Collect { call: CallId },
    /// `*g()`, `a, b = g()`, `x += g()`: a list takes the place of the generator.
    CollectWhole,
    /// `next(g())`: `await anext(g())`.
    Next { call: CallId },
    /// `rows.__next__()`: `await rows.__anext__()`; `rows.close()`: `await rows.aclose()`.
    Method(iteration::Method),
    /// `iter(x)`: `aiter(x)`.
    Iter { call: CallId },
    /// `x.__iter__()`: `x.__aiter__()`.
    Renamed,
    /// `return super().__iter__()`
    HandedOn,
    /// `async with`.
    With,
    /// `stack.enter_context(m())`: `await stack.enter_async_context(m())`.
    Stack { call: CallId },
    /// `stack.callback(f)`: `stack.push_async_callback(f)`.
    Push { call: CallId },
}

/// What calling a function gives when it converts. A stub among generators or context managers declares one.
pub fn shape(world: World, func: FuncId) -> Shape {
    match own_shape(world, func) {
        Shape::Coroutine => {
            let mut family = world.graph.family_of(func).map(|member| own_shape(world, *member));
            family.find(|shape| matches!(shape, Shape::Generator | Shape::Manager)).unwrap_or(Shape::Coroutine)
        }
        shape => shape,
    }
}

/// The shape that a function's own body and decorators give it.
fn own_shape(world: World, func: FuncId) -> Shape {
    let facts = world.index.func(func);
    let is_manager =
        facts.decorators.iter().any(|decorator| decorator_name(world.index, decorator) == Some("contextmanager"));
    if is_manager {
        Shape::Manager
    } else if facts.traits.is_generator {
        Shape::Generator
    } else if matches!(facts.name.as_str(), "__enter__" | "__exit__") {
        Shape::Entered
    } else if facts.name == "__iter__" && facts.class.is_some() {
        Shape::Iterable
    } else if facts.name == "__next__" && facts.class.is_some() {
        Shape::Next
    } else {
        Shape::Coroutine
    }
}

/// The one shape of all targets of a site; none when they differ. What an `__iter__` gives is iterated over like a generator.
pub fn shape_of_targets(world: World, site: &Site) -> Option<Shape> {
    if let Some(twin) = swap::twin(world, site) {
        return Some(leaf_shape(world, site, twin));
    }
    if let Some(gives) = swap::replacement(world, site) {
        return replaced_shape(world, site, gives);
    }
    let facts = world.index.site(site.id);
    if let SiteKind::Blocking { entry, .. } = site.kind
        && world.graph.entries[entry].lazy
    {
        return Some(Shape::Generator);
    }
    // `super().__exit__(*exc)`: a coroutine.
    let is_spelled = !facts.is_implicit() && matches!(facts.usage, Usage::Called(_));
    // What a layer gives is what its own method gives, whatever Protocol of the project it fits.
    let is_leaf = matches!(site.kind, SiteKind::Blocking { .. });
    let given = |target| if is_leaf { own_shape(world, target) } else { shape(world, target) };
    let mut shapes = site.targets.iter().map(|target| match given(*target) {
        Shape::Entered if is_spelled && world.index.func(*target).name == facts.name => Shape::Coroutine,
        Shape::Iterable => Shape::Generator,
        shape => shape,
    });
    let first = shapes.next().unwrap_or(Shape::Coroutine);
    shapes.all(|other| other == first).then_some(first)
}

/// Does what the site runs work while it is iterated over, as long as it stays as it is? A declaration stands for its family.
pub fn is_lazy(world: World, site: &Site) -> bool {
    if matches!(site.kind, SiteKind::Blocking { .. }) {
        return shape_of_targets(world, site) == Some(Shape::Generator);
    }
    let lazy = |target: &FuncId| {
        // An iterator whose base gives the `__iter__`.
        if site.kind == SiteKind::Iterated && world.index.func(*target).name == "__next__" {
            return true;
        }
        let is_declaration = world.index.func(*target).traits.is_stub;
        let own = if is_declaration { shape(world, *target) } else { own_shape(world, *target) };
        matches!(own, Shape::Generator | Shape::Iterable)
    };
    !site.targets.is_empty() && site.targets.iter().all(lazy)
}

/// What the async twin of a leaf gives.
fn leaf_shape(world: World, site: &Site, twin: &Twin) -> Shape {
    let is_entered = || matches!(world.result_usage(site.id), Some(Usage::WithItem { .. }));
    match twin.gives {
        _ if world.index.site(site.id).is_implicit() => match world.index.site(site.id).name.as_str() {
            "__iter__" => Shape::Generator,
            "__next__" => Shape::Coroutine,
            _ => Shape::Entered,
        },
        Gives::Manager => Shape::Manager,
        Gives::Iterator => Shape::Generator,
        Gives::Unknown if is_entered() => Shape::Manager,
        Gives::Awaitable | Gives::AwaitedFirst | Gives::Unknown => Shape::Coroutine,
    }
}

/// What the function gives to this site that takes the place of a leaf; none when that must be awaited first.
fn replaced_shape(world: World, site: &Site, gives: &[Gives]) -> Option<Shape> {
    let possible: Vec<Shape> = gives
        .iter()
        .filter_map(|gives| match gives {
            Gives::Manager => Some(Shape::Manager),
            Gives::Iterator => Some(Shape::Generator),
            Gives::Awaitable | Gives::AwaitedFirst | Gives::Unknown => None,
        })
        .collect();
    let fitting = possible.iter().copied().find(|shape| adaptation(world, site, *shape).is_some());
    let coroutine = || gives.contains(&Gives::Awaitable).then_some(Shape::Coroutine);
    fitting.or_else(coroutine).or_else(|| possible.first().copied())
}

/// How the site takes what stands in the place of a leaf, when that is no coroutine.
pub fn leaf_adaptation(world: World, site: &Site) -> Option<Adaptation> {
    swap::twin(world, site).map(drop).or_else(|| swap::replacement(world, site).map(drop))?;
    adaptation(world, site, shape_of_targets(world, site)?)
}

/// How the site takes an async generator or context manager; none when it cannot.
pub fn adaptation(world: World, site: &Site, shape: Shape) -> Option<Adaptation> {
    let usage = match world.index.site(site.id).usage {
        Usage::Called(call) => world.index.call(call).usage,
        usage => usage,
    };
    let facts = world.index.site(site.id);
    let has_builtins = world.config.target_version >= PythonVersion::PY310;
    match (shape, usage) {
        (Shape::Coroutine, Usage::Argument { call, index: 0 }) if matches!(site.kind, SiteKind::Callback { .. }) => {
            (method(world, call) == Some("callback") && stack_adapts(world, site, call))
                .then_some(Adaptation::Push { call })
        }
        // `next(x)` stops with another exception now.
        (Shape::Coroutine, Usage::Argument { call, index: 0 }) if facts.is_implicit() && facts.name == "__next__" => {
            let is_caught = world.context(site.id).in_try && world.index.call(call).args.len() == 1;
            (has_builtins && !is_caught && eager::is_next(&world.names(), call)).then_some(Adaptation::Next { call })
        }
        (Shape::Coroutine, _) => None,
        (Shape::Generator, Usage::ForIter { statement, is_async: false })
            if holds_open(world, site) && ends_there(world, site, statement) =>
        {
            let adapts = world.config.target_version >= PythonVersion::PY310 && !is_vetoed(world, site, statement);
            adapts.then_some(Adaptation::ForClosing)
        }
        (Shape::Generator, _)
            if !facts.is_implicit() && facts.name == "__iter__" && matches!(site.kind, SiteKind::Blocking { .. }) =>
        {
            matches!(facts.usage, Usage::Called(_)).then_some(Adaptation::Renamed)
        }
        (Shape::Generator, Usage::Argument { call, index: 0 })
            if facts.is_implicit() && eager::is_builtin(&world.names(), world.index.call(call), &["iter"]) =>
        {
            (has_builtins && world.index.call(call).args.len() == 1).then_some(Adaptation::Iter { call })
        }
        (Shape::Generator, Usage::ForIter { is_async: false, .. }) => Some(Adaptation::For),
        (Shape::Generator, Usage::YieldFrom { statement: Some(statement) }) if holds_open(world, site) => {
            let adapts = world.config.target_version >= PythonVersion::PY310 && !is_vetoed(world, site, statement);
            adapts.then_some(Adaptation::YieldFromClosing)
        }
        (Shape::Generator, Usage::ComprehensionIter { is_async: false, kind, .. }) => match kind {
            ComprehensionKind::Generator(generator) => {
                consumer::becomes_list(world, &generator).then_some(Adaptation::ListOver { generator: generator.range })
            }
            ComprehensionKind::List | ComprehensionKind::Set | ComprehensionKind::Dict => {
                Some(Adaptation::Comprehension)
            }
        },
        (Shape::Generator, Usage::YieldFrom { statement: Some(_) }) => Some(Adaptation::YieldFrom),
        (Shape::Generator, Usage::Starred { .. } | Usage::Unpacked | Usage::Added) => Some(Adaptation::CollectWhole),
        (Shape::Generator, Usage::Argument { call, index }) if consumer::takes_all(world, call, index) => {
            (!is_vetoed(world, site, world.index.call(call).range)).then_some(Adaptation::Collect { call })
        }
        (Shape::Generator | Shape::Next, Usage::Argument { call, index: 0 })
            if eager::is_next(&world.names(), call) =>
        {
            let with_default = world.index.call(call).args.len() == 2;
            let adapts = has_builtins && (with_default || iteration::end_is_seen(world, site));
            (adapts && !holds_open(world, site)).then_some(Adaptation::Next { call })
        }
        (Shape::Generator, Usage::Receiver) => {
            let method = iteration::method_of_generator(world, site)?;
            let adapts =
                method.name == "close" || iteration::end_is_seen_by_name(world, site) && !holds_open(world, site);
            adapts.then_some(Adaptation::Method(method))
        }
        (Shape::Generator, Usage::Argument { call, .. }) if eager::is_iter(&world.names(), call) => {
            has_builtins.then_some(Adaptation::Iter { call })
        }
        (Shape::Generator, Usage::Argument { call, index: 0 }) if consumer::is_counted(world, call) => {
            let Usage::ForIter { statement, .. } = world.index.call(call).usage else { return None };
            let adapts = !holds_open(world, site) && !is_vetoed(world, site, statement);
            adapts.then_some(Adaptation::ForCounted { call })
        }
        (Shape::Generator, Usage::Returned) => iteration::is_handed_on(world, site).then_some(Adaptation::HandedOn),
        (Shape::Manager | Shape::Entered, Usage::WithItem { statement, is_async: false }) => {
            (!is_vetoed(world, site, statement)).then_some(Adaptation::With)
        }
        (Shape::Manager | Shape::Entered, Usage::Argument { call, index: 0 }) => {
            (method(world, call) == Some("enter_context") && stack_adapts(world, site, call))
                .then_some(Adaptation::Stack { call })
        }
        _ => None,
    }
}

/// Is the generator made where it is iterated over, or kept under a name that nothing else reads? What is left of another one is for
/// whoever goes on with it.
fn ends_there(world: World, site: &Site, statement: TextRange) -> bool {
    let facts = world.index.site(site.id);
    if let Usage::Called(_) = facts.usage {
        return true;
    }
    let (Value::Name { name, scope }, Some(func)) = (world.index.value(facts.value), world.context(site.id).func)
    else {
        return false;
    };
    let home = world.index.func(func).scope;
    let [binding] = world.index.scope(home).bindings_of(name) else { return false };
    let is_read = |id: &RefId| {
        let other = world.index.site(*id);
        !other.is_implicit() && other.usage.is_read()
    };
    let reads = world.index.refs_in(site.id.file, name).filter(is_read).filter(|id| {
        let from = world.index.context(world.index.site(*id).context).scope;
        world.names().home(from, name) == home
    });
    let again = world.index.file(site.id.file).loops.iter().any(|around| {
        around.contains_range(facts.range) && *around != statement && !around.contains_range(binding.range)
    });
    let is_made = |value: ValueId| matches!(world.index.value(value), Value::Call { .. });
    world.names().home(*scope, name) == home
        && matches!(binding.bound, Bound::Value(value) if is_made(value))
        && reads.count() == 1
        && !again
}

/// May one of the generators hold something open over a `yield`?
fn holds_open(world: World, site: &Site) -> bool {
    site.targets.iter().any(|target| consumer::holds_open(world, *target))
}

/// Was the statement found to be one that cannot be rewritten?
fn is_vetoed(world: World, site: &Site, statement: TextRange) -> bool {
    world.vetoes.contains(&(site.id.file, statement))
}

/// Can the stack whose method is called become an async one?
fn stack_adapts(world: World, site: &Site, call: CallId) -> bool {
    exit_stack::of_call(world, call).is_some_and(|opened| opened.is_async || !is_vetoed(world, site, opened.statement))
}

/// The name of the method that is called.
fn method(world: World<'_>, call: CallId) -> Option<&str> {
    match world.index.value(world.index.call(call).func) {
        Value::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

/// What a method that Python calls by itself is called on the async side.
pub fn async_twin(name: &str) -> Option<&'static str> {
    match name {
        "__enter__" => Some("__aenter__"),
        "__exit__" => Some("__aexit__"),
        "__iter__" => Some("__aiter__"),
        "__next__" => Some("__anext__"),
        _ => None,
    }
}

/// Does the function become `async def`? A stub among generators keeps its `def`: it only declares what is returned.
pub fn becomes_async_def(world: World, func: FuncId) -> bool {
    let own = own_shape(world, func);
    world.index.func(func).lambda.is_none() && own == shape(world, func) && own != Shape::Iterable
}

/// Every `yield from` of a generator: none can stay in an async generator.
pub fn delegations(world: World, func: FuncId) -> Vec<TextRange> {
    let facts = world.index.file(func.file);
    let own = facts.delegations.iter().filter(|delegation| facts[delegation.context].func == Some(func));
    own.map(|delegation| delegation.range).collect()
}
