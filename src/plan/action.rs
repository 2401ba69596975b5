//! What happens to one node, as plain data. The color stage decides, the rewriters carry out.
//!
//! All ranges are byte ranges of nodes in the original text, so an action names its node without holding an AST.

use ruff_text_size::TextRange;

use crate::config::{Fallback, OffloadVia};

/// One change to one node. Several actions may nest (an offload in the arguments of an offload); none overlap otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `def f` to `async def f`. `function` is the whole statement, decorators included.
    AsyncDef { function: TextRange },
    /// `f(x)` to `await f(x)`. `call` is the call expression (or any other expression that is awaitable now).
    Await { call: TextRange },
    /// `f(x)` to `await asyncio.to_thread(f, x)` (or the carrier of `via`).
    Offload { call: TextRange, via: OffloadVia },
    /// `lambda: f(x)` to `lambda: asyncio.to_thread(f, x)`: who calls the lambda awaits.
    OffloadHandedOn { call: TextRange, via: OffloadVia },
    /// `obj.name` to `await asyncio.to_thread(lambda: obj.name)`: an expression that blocks without a call.
    OffloadExpression { expression: TextRange, via: OffloadVia },
    /// `*g()` and `a, b = g()`: the iterable `g()` becomes `await asyncio.to_thread(list, g())`.
    OffloadIterable { iterable: TextRange, by: IteratedBy, via: OffloadVia },
    /// `obj.get(x)` to `await obj.async_get(x)`.
    Native { call: TextRange, method: String },
    /// `time.sleep(x)` to `await asyncio.sleep(x)`: `function` is the dotted path of the awaitable twin.
    Replace { call: TextRange, function: String },
    /// An offload of a function that is async now goes back to a plain call: `to_thread(f, x)` to `f(x)`,
    /// `run_in_executor(None, f, x)`, with `partial` or `lambda`, `sync_to_async(f)(x)`. An `await` around it stays.
    Unwrap { call: TextRange, form: UnwrapForm },
    /// `f(x)` to `asyncio.create_task(f(x))`, where the unwrapped offload was used as a future.
    Schedule { call: TextRange },
    /// `asyncio.run(c())` or `loop.run_until_complete(c())` to `await c()`.
    UnwrapRun { call: TextRange },
    /// `f()` (a call in sync code that owns the process: a `__main__` guard) to `asyncio.run(f())`.
    EntryPoint { call: TextRange },
    /// A lambda becomes `async def call(...)` before its statement.
    Hoist { lambda: TextRange },
    /// The body of a function moves into a coroutine function that it runs.
    Bridge { function: TextRange },
    /// The statements under `if __name__ == "__main__":` become `async def _main()`; `globals` stay the module's.
    MainGuard { statement: TextRange, globals: Vec<String> },
    /// The handler of `try: get_running_loop().create_task(c()) except RuntimeError: asyncio.run(c())`. `statement` is the
    /// `try`, or the `if` that asks whether a loop runs. `in_async`: the function around it is or becomes async, and the whole `try` is `asyncio.create_task(c())`.
    Fallback { statement: TextRange, style: Fallback, in_async: bool },
    /// `with` to `async with`.
    AsyncWith { statement: TextRange },
    /// `with a, b:` to `with a:` and an `async with b:` in it, when only the items `entered` become asynchronous.
    SplitWith { statement: TextRange, entered: Vec<TextRange> },
    /// `for x in g():` to `async with aclosing(g()) as items:` and an `async for x in items:` in it.
    AsyncForClosing { statement: TextRange },
    /// `for i, x in enumerate(g()):` to `async for x in g():` with a counter beside it.
    AsyncForCounted { statement: TextRange },
    /// `for` to `async for`.
    AsyncFor { statement: TextRange },
    /// `for` to `async for` in a comprehension clause. `clause` is the range of `for ... in ... if ...`.
    AsyncComprehension { clause: TextRange },
    /// A generator expression that is the sole argument of its call becomes a list comprehension.
    ListComprehension { generator: TextRange },
    /// `list(g())`, `tuple(g())`, `set(g())`, `sorted(g(), key=k)` over an async iterable: the argument becomes
    /// `[item async for item in g()]`, and `list`/`set` fold into the comprehension.
    Collect { call: TextRange },
    /// `*g()` and `a, b = g()`: the iterable (an expression) becomes `[item async for item in g()]`.
    CollectWhole { iterable: TextRange },
    /// `yield from g()` (a statement) to `async for item in g(): yield item`; `source` says which `for` it takes.
    YieldFrom { statement: TextRange, source: YieldSource },
    /// A name token (or the contents of a string where names are looked up) is replaced: `__enter__` to `__aenter__`.
    Rename { name: TextRange, to: String },
    /// A name is replaced by another that must be imported: `contextmanager` to `contextlib.asynccontextmanager`,
    /// `Iterator` to `collections.abc.AsyncIterator`. `name` is the whole reference (`contextlib.contextmanager` too).
    /// `to` is dotted; the import is added in the style of the file.
    RenameImported { name: TextRange, to: String },
    /// A word of a string is replaced: a name in a docstring, or where names are looked up.
    Mention { name: TextRange, to: String },
    /// `Callable[..., T]` to `Callable[..., Awaitable[T]]`: `result` is the range of `T`.
    AwaitableResult { result: TextRange },
    /// `Generator[Y, S, R]` to `AsyncGenerator[Y, S]`: `subscript` is the whole annotation expression.
    AsyncGenerator { subscript: TextRange },
    /// A decorator line above a function or class: `@pytest.mark.asyncio`. `decorator` is dotted, its root is imported.
    Decorator { function: TextRange, decorator: String },
    /// `self.assertRaises(E, f, x)` (a statement) to `with self.assertRaises(E): await f(x)`; of `lambda: g(f(x))` the body
    /// stands under the `with`, and what is awaited in it has its own action.
    Raises { call: TextRange },
    /// `Mock()` to `Mock(load=AsyncMock())`: the attributes; with true the result is a plain mock of the kind of `call`.
    MockAttributes { call: TextRange, mock: MockName, names: Vec<(String, bool)> },
    /// `patch("m.load")` to `patch("m.load", return_value=MagicMock())`: what an async mock returns is an async mock else.
    /// `mock` is `MagicMock`.
    MockResult { call: TextRange, mock: MockName },
    /// `patch("m.Store")` to `patch("m.Store", **{"return_value.load": AsyncMock()})`: attributes of what the mock returns; with
    /// true the result is a plain mock. `magic` is `MagicMock`.
    MockReturned { call: TextRange, mock: MockName, magic: MockName, names: Vec<(String, bool)> },
    /// A fake (an expression) to `AsyncMock(side_effect=fake)`.
    AsyncFake { fake: TextRange, mock: MockName },
    /// The value that is assigned to `target`, in the same way.
    AsyncFakeAssigned { target: TextRange, mock: MockName },
    /// `m.load.return_value = x` to `m.load = AsyncMock(return_value=x)`. `target` is what is assigned to.
    MockConfigured { target: TextRange, mock: MockName },
}

/// How a file names `AsyncMock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MockName {
    /// By this dotted path, which is imported.
    Imported(String),
    /// As it is spelled: `mocker.AsyncMock`.
    Spelled(String),
}

/// How an existing offload names its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnwrapForm {
    /// `asyncio.to_thread(f, *args, **kwargs)`, `run_in_threadpool(f, ...)`: the function is the first argument.
    First,
    /// `loop.run_in_executor(None, f, *args)`: the function is the second argument.
    Second,
    /// As `First`/`Second`, but the function argument is `functools.partial(f, ...)`; `argument` counts from 0.
    Partial { argument: usize },
    /// As `First`/`Second`, but the function argument is `lambda: f(...)`.
    Lambda { argument: usize },
    /// `sync_to_async(f)(*args)`.
    Curried,
}

/// What a worker calls with an iterable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IteratedBy {
    /// `list`: it takes all elements.
    List,
    /// `iter`: it runs `__iter__`.
    Iter,
}

/// What `yield from` iterates over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YieldSource {
    /// An async generator: `async for`.
    Async,
    /// An async generator that holds something open: `async for` under `aclosing`.
    Closing,
    /// A sync iterable inside a function that became an async generator: `for`.
    Sync,
}
