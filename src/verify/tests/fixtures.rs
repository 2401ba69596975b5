//! Before texts with their edits, one or more for each kind of change.

use ruff_text_size::{TextRange, TextSize};

use crate::config::OffloadVia;
use crate::edit::{EditKind, FileEdits};
use crate::plan::{IteratedBy, UnwrapForm, YieldSource};

pub(super) struct Fixture {
    pub name: &'static str,
    pub old: String,
    pub edits: FileEdits,
}

/// One edit, by the text around it. A needle must occur once; `a|b` means the `b` (or the end of `a`) after that `a`.
enum Do {
    Before(&'static str, &'static str),
    After(&'static str, &'static str),
    Swap(&'static str, &'static str),
}

use Do::{After, Before, Swap};

struct Build(Fixture);

impl Build {
    fn find(&self, needle: &str) -> TextRange {
        let (context, needle) = needle.split_once('|').unwrap_or(("", needle));
        let whole = format!("{context}{needle}");
        let at = self.0.old.find(&whole).unwrap_or_else(|| panic!("`{whole}` in {}", self.0.name));
        assert_eq!(self.0.old.matches(&whole).count(), 1, "`{whole}` in {}", self.0.name);
        let start = at + context.len();
        let offset = |at: usize| TextSize::try_from(at).expect("short");
        TextRange::new(offset(start), offset(start + needle.len()))
    }

    /// A change of the node that reads `node`.
    fn change(mut self, kind: impl Fn(TextRange) -> EditKind, node: &str, edits: &[Do]) -> Self {
        let range = self.find(node);
        self.record(kind(range), edits);
        self
    }

    fn record(&mut self, kind: EditKind, edits: &[Do]) {
        let change = self.0.edits.change(kind);
        for edit in edits {
            match edit {
                Before(needle, text) => self.0.edits.insert(change, self.find(needle).start(), *text),
                After(needle, text) => self.0.edits.insert(change, self.find(needle).end(), *text),
                Swap(needle, text) => self.0.edits.replace(change, self.find(needle), *text),
            }
        }
    }

    fn awaited(self, call: &'static str) -> Self {
        self.change(|operand| EditKind::Await { operand }, call, &[Before(call, "await ")])
    }

    fn import(mut self, edit: Do) -> Self {
        self.record(EditKind::Import, &[edit]);
        self
    }

    fn asyncio(self) -> Self {
        self.import(Before("import os", "import asyncio\n"))
    }

    /// The whole function statement is `function`; `def` is in it once.
    fn async_def(self, function: &'static str, def: &'static str) -> Self {
        self.change(|function| EditKind::AsyncDef { function }, function, &[Before(def, "async ")])
    }

    fn offload(self, call: &'static str, edits: &[Do]) -> Self {
        let has_partial = edits.iter().any(|edit| matches!(edit, Before(_, text) if text.contains("partial(")));
        let kind: fn(TextRange) -> EditKind = match has_partial {
            true => |call| EditKind::Offload {
                call,
                via: OffloadVia::Asyncio,
                carrier: String::new(),
                partial: Some("partial".into()),
                handed_on: false,
            },
            false => |call| EditKind::Offload {
                call,
                via: OffloadVia::Asyncio,
                carrier: String::new(),
                partial: None,
                handed_on: false,
            },
        };
        self.change(kind, call, edits)
    }

    fn rename(self, name: &'static str, to: &'static str) -> Self {
        self.change(|range| EditKind::Rename { name: range, to: to.into() }, name, &[Swap(name, to)])
    }
}

fn new(name: &'static str, old: &str) -> Build {
    Build(Fixture { name, old: old.to_string(), edits: FileEdits::default() })
}

pub(super) fn all() -> Vec<Fixture> {
    let builds =
        offloads().into_iter().chain(awaits()).chain(unwraps()).chain(loops()).chain(names()).chain(statements());
    builds.map(|build| build.0).collect()
}

fn offloads() -> Vec<Build> {
    vec![
        new(
            "offload with arguments",
            "import os\n\nasync def f(p, a, b):\n    x = p.get(a, *b, k=1)  # keep\n    return x, 'a b'\n",
        )
        .asyncio()
        .offload("p.get(a, *b, k=1)", &[Before("p.get", "await asyncio.to_thread("), Swap("p.get|(", ", ")]),
        new("offload without arguments", "import os\nasync def f(p, q):\n    return p.get()\n")
            .asyncio()
            .offload("p.get()", &[Before("p.get", "await asyncio.to_thread("), Swap("p.get|(", "")]),
        new(
            "offload in the arguments of an offload, over several lines",
            "import os\nasync def f(p, q):\n    return p.put(\n        1,  # one\n        q.load(2, 'x'),\n    )\n",
        )
        .asyncio()
        .offload(
            "p.put(\n        1,  # one\n        q.load(2, 'x'),\n    )",
            &[Before("p.put", "await asyncio.to_thread("), Swap("p.put|(", ", ")],
        )
        .offload("q.load(2, 'x')", &[Before("q.load", "await asyncio.to_thread("), Swap("q.load|(", ", ")]),
        new("offload of a sole generator", "import os\nasync def f(p, q):\n    p.put(x for x in q if x > 1)\n")
            .import(Before("import os", "from asyncio import to_thread\n"))
            .offload(
                "p.put(x for x in q if x > 1)",
                &[Before("p.put", "await to_thread("), Swap("p.put|(", ", ("), After("if x > 1", ")")],
            ),
        new(
            "offload with an alias, in parentheses and an f-string",
            "import asyncio as aio\nasync def f(p):\n    return f\"{p.get(1)!r:>{p.width}} {p.row(2).name}\"\n",
        )
        .offload("p.get(1)", &[Before("p.get", "await aio.to_thread("), Swap("p.get|(", ", ")])
        .offload(
            "p.row(2)",
            &[Before("p.row", "(await aio.to_thread("), Swap("p.row|(", ", "), After("p.row(2)", ")")],
        ),
        new("anyio with keywords", "import os\nasync def f(p, a):\n    p.get(a, k=2)\n    p.put(a, 3)\n")
            .import(Before("import os", "from functools import partial\nimport anyio.to_thread\n"))
            .offload(
                "p.get(a, k=2)",
                &[
                    Before("p.get", "await anyio.to_thread.run_sync(partial("),
                    Swap("p.get|(", ", "),
                    After("p.get(a, k=2)", ")"),
                ],
            )
            .offload("p.put(a, 3)", &[Before("p.put", "await anyio.to_thread.run_sync("), Swap("p.put|(", ", ")]),
        new("starlette and the user's own", "import os\nasync def f(p, a):\n    p.get(a, k=2)\n    p.put(a, 3)\n")
            .import(Before(
                "import os",
                "from app.metrics import offload\nfrom starlette.concurrency import run_in_threadpool\n",
            ))
            .offload("p.get(a, k=2)", &[Before("p.get", "await run_in_threadpool("), Swap("p.get|(", ", ")])
            .offload("p.put(a, 3)", &[Before("p.put", "await offload("), Swap("p.put|(", ", ")]),
        new("asgiref", "import os\nasync def f(p, a):\n    return not p.get(a, k=2)\n")
            .import(Before("import os", "from asgiref.sync import sync_to_async\n"))
            .offload("p.get(a, k=2)", &[Before("p.get", "await sync_to_async("), After("p.get", ")")]),
    ]
}

fn awaits() -> Vec<Build> {
    const SERVICE: &str = "class Service:\n    @log  # traced\n    def load(self, key, default=None):\n        # comment\n        if not self.allowed(key) and key != 3:\n            return default\n        return self.db.get(key)";
    vec![
        new("a method converts", &format!("import os\n{SERVICE}\n"))
            .asyncio()
            .async_def(&SERVICE["class Service:\n    ".len()..], "def load")
            .awaited("self.allowed(key)")
            .offload(
                "self.db.get(key)",
                &[Before("self.db.get", "await asyncio.to_thread("), Swap("self.db.get|(", ", ")],
            ),
        new("await of a call on an awaited call", "async def f():\n    return (g())(1)[h(2)].x\n")
            .change(|operand| EditKind::Await { operand }, "(g())(1)", &[Before("(g())", "(await "), After("(1)", ")")])
            .change(|operand| EditKind::Await { operand }, "(|g()", &[Before("(|g()", "await ")])
            .awaited("h(2)"),
        new(
            "await among operators",
            "async def f(a, b):\n    return -g(a) ** 2 + h(b) * k(a, b) if m(b) else [n(i, a) for i in b]\n",
        )
        .change(|operand| EditKind::Await { operand }, "g(a)", &[Before("g(a)", "(await "), After("g(a)", ")")])
        .awaited("h(b)")
        .awaited("k(a, b)")
        .awaited("m(b)")
        .awaited("n(i, a)"),
        new(
            "await in arguments and a walrus",
            "async def f(a):\n    while (x := g(a, h(a))) is not None:\n        print(x, a)\n",
        )
        .awaited("g(a, h(a))")
        .awaited("h(a)"),
        new("a worker makes a list of a generator", "import os\nasync def f(a, b):\n    return [1, *g(a, b), 2]\n")
            .asyncio()
            .change(
                |iterable| EditKind::OffloadIterable { iterable, by: IteratedBy::List },
                "g(a, b)",
                &[Before("g(a, b)", "await asyncio.to_thread(list, "), After("g(a, b)", ")")],
            ),
        new("native", "async def f(c):\n    return c.cache.get('k', 1)\n").change(
            |call| EditKind::Native { call, method: "async_get".into() },
            "c.cache.get('k', 1)",
            &[Before("c.cache", "await "), Swap("get", "async_get")],
        ),
        new("replace", "import os\nasync def f(n, m):\n    time.sleep(n + m)\n").asyncio().change(
            |call| EditKind::Replace { call, function: "asyncio.sleep".into() },
            "time.sleep(n + m)",
            &[Before("time.sleep", "await "), Swap("time.sleep", "asyncio.sleep")],
        ),
        new("entry point", "import os\nif __name__ == '__main__':\n    main(1, 2)\n").asyncio().change(
            |call| EditKind::EntryPoint { call },
            "main(1, 2)",
            &[Before("main(", "asyncio.run("), After("main(1, 2)", ")")],
        ),
    ]
}

fn unwraps() -> Vec<Build> {
    let unwrap: fn(TextRange) -> EditKind = |call| EditKind::Unwrap { call, form: UnwrapForm::First };
    vec![
        new(
            "unwrap to_thread",
            "import asyncio\nasync def f(a, b):\n    x = await asyncio.to_thread(load, a, k=b)\n    return x\n",
        )
        .change(
            unwrap,
            "asyncio.to_thread(load, a, k=b)",
            &[Swap("asyncio.to_thread(", ""), Swap("load|, ", "(")],
        ),
        new("unwrap executor", "async def f(loop, s, b):\n    return await loop.run_in_executor(None, s.load, b, 2)\n")
            .change(
                unwrap,
                "loop.run_in_executor(None, s.load, b, 2)",
                &[Swap("loop.run_in_executor(None, ", ""), Swap("s.load|, ", "(")],
            ),
        new(
            "unwrap partial",
            "async def f(loop, s, b):\n    await loop.run_in_executor(None, partial(s.load, b, k=2))\n",
        )
        .change(
            unwrap,
            "loop.run_in_executor(None, partial(s.load, b, k=2))",
            &[Swap("loop.run_in_executor(None, partial(", ""), Swap("s.load|, ", "("), Swap("k=2)|)", "")],
        ),
        new("unwrap lambda", "async def f(loop, s, b):\n    await loop.run_in_executor(None, lambda: s.load(b, 1))\n")
            .change(
                unwrap,
                "loop.run_in_executor(None, lambda: s.load(b, 1))",
                &[Swap("loop.run_in_executor(None, lambda: ", ""), Swap("s.load(b, 1)|)", "")],
            ),
        new("unwrap curried and await", "def f(s, b):\n    return sync_to_async(s.load)(b, 1)\n")
            .async_def("def f(s, b):\n    return sync_to_async(s.load)(b, 1)", "def f")
            .change(
                |operand| EditKind::Await { operand },
                "sync_to_async(s.load)(b, 1)",
                &[Before("sync_to_async(", "await ")],
            )
            .change(unwrap, "sync_to_async(s.load)(b, 1)", &[Swap("sync_to_async(", ""), Swap("s.load|)", "")]),
        new(
            "a future becomes a task",
            "import asyncio\nasync def f(loop, s, b):\n    work = loop.run_in_executor(None, s.load, b)\n",
        )
        .change(
            |call| EditKind::Schedule { call },
            "loop.run_in_executor(None, s.load, b)",
            &[Before("loop.run_in", "asyncio.create_task("), After("s.load, b)", ")")],
        )
        .change(
            unwrap,
            "loop.run_in_executor(None, s.load, b)",
            &[Swap("loop.run_in_executor(None, ", ""), Swap("s.load|, ", "(")],
        ),
        new("asyncio.run becomes await", "async def f(a):\n    return asyncio.run(g(a, 1))\n").change(
            |call| EditKind::UnwrapRun { call },
            "asyncio.run(g(a, 1))",
            &[Swap("asyncio.run(", "await "), Swap("g(a, 1)|)", "")],
        ),
    ]
}

fn loops() -> Vec<Build> {
    let clause: fn(TextRange) -> EditKind = |comprehension| EditKind::AsyncComprehension { comprehension };
    let collect: fn(TextRange) -> EditKind = |call| EditKind::Collect { call, iterable: TextRange::empty(call.end()) };
    let taken: fn(TextRange) -> EditKind = |call| EditKind::Collect { call, iterable: call };
    vec![
        new("with and for", "async def f(s):\n    with s.open(1) as a, s.lock:\n        for x in a.rows(2):\n            print(x, a)\n        else:\n            pass\n")
            .change(
                |statement| EditKind::AsyncWith { statement },
                "with s.open(1) as a, s.lock:\n        for x in a.rows(2):\n            print(x, a)\n        else:\n            pass",
                &[Before("with s", "async ")],
            )
            .change(
                |statement| EditKind::AsyncFor { statement },
                "for x in a.rows(2):\n            print(x, a)\n        else:\n            pass",
                &[Before("for x", "async ")],
            ),
        new("a with is taken apart", "async def f(s, t):\n    with s.a(1) as a, t.b(2) as b:\n        print(a, b)\n")
            .change(
                |statement| EditKind::SplitWith { statement, entered: vec![TextRange::at(TextSize::new(41), TextSize::new(6))] },
                "with s.a(1) as a, t.b(2) as b:\n        print(a, b)",
                &[Swap(
                    "with s.a(1) as a, t.b(2) as b:\n        print(a, b)",
                    "with s.a(1) as a:\n        async with t.b(2) as b:\n            print(a, b)",
                )],
            ),
        new("a generator is closed", "from contextlib import aclosing\nasync def f(s):\n    for a, b in s.rows(1):\n        print(a)\n    else:\n        pass\n")
            .change(
                |statement| EditKind::Closing { statement },
                "for a, b in s.rows(1):\n        print(a)\n    else:\n        pass",
                &[Swap(
                    "for a, b in s.rows(1):\n        print(a)\n    else:\n        pass",
                    "async with aclosing(s.rows(1)) as items:\n        async for a, b in items:\n            print(a)\n        else:\n            pass",
                )],
            ),
        new("a loop is counted", "from itertools import count\nasync def f(s):\n    for i, (a, b) in enumerate(s.rows(1), 2):\n        print(a, i)\n    else:\n        pass\n")
            .change(
                |statement| EditKind::Counted { statement },
                "for i, (a, b) in enumerate(s.rows(1), 2):\n        print(a, i)\n    else:\n        pass",
                &[Swap(
                    "for i, (a, b) in enumerate(s.rows(1), 2):\n        print(a, i)\n    else:\n        pass",
                    "numbers = count(2)\n    async for (a, b) in s.rows(1):\n        i = next(numbers)\n        print(a, i)\n    else:\n        pass",
                )],
            ),
        new("comprehensions", "async def f(s):\n    return {k: v for k, v in s.items(1)}, [(x, y) for x in s for y in x.rows(2) if y]\n")
            .change(clause, "for k, v in s.items(1)", &[Before("for k", "async ")])
            .change(clause, "for y in x.rows(2) if y", &[Before("for y", "async ")]),
        new("generator to list", "async def f(s):\n    return sum(s.cost(x, 2) for x in s.all if x.ok)\n")
            .change(
                |generator| EditKind::ListComprehension { generator },
                "s.cost(x, 2) for x in s.all if x.ok",
                &[Before("s.cost", "["), After("x.ok", "]")],
            )
            .awaited("s.cost(x, 2)"),
        new("collect into a list", "async def f(s):\n    return list(s.rows(1, 2))\n").change(
            collect,
            "list(s.rows(1, 2))",
            &[Swap("list(", "[item async for item in "), Swap("s.rows(1, 2)|)", "]")],
        ),
        new("collect into a set and a sorted list", "async def f(s, q):\n    return set(s.rows(1)), sorted(q.rows(2), key=len)\n")
            .change(collect, "set(s.rows(1))", &[Swap("set(", "{item async for item in "), Swap("s.rows(1)|)", "}")])
            .change(taken, "q.rows(2)", &[
                Before("q.rows", "[item async for item in "),
                After("q.rows(2)", "]"),
            ]),
        new("yield from", "async def f(s):\n    yield 0\n    yield from s.rows(1, 2)  # all\n").change(
            |statement| EditKind::YieldFrom { statement, source: YieldSource::Sync },
            "yield from s.rows(1, 2)",
            &[Swap("yield from ", "for item in "), After("s.rows(1, 2)", ":\n        yield item")],
        ),
    ]
}

fn names() -> Vec<Build> {
    let annotation: fn(TextRange) -> EditKind = |annotation| EditKind::Annotation { annotation };
    const MANAGER: &str = "@contextmanager\ndef f(s):\n    yield s";
    vec![
        new("context manager", &format!("from contextlib import contextmanager\nimport os\n{MANAGER}\n"))
            .import(After("from contextlib import contextmanager", ", asynccontextmanager"))
            .async_def(MANAGER, "def f")
            .rename("@|contextmanager", "asynccontextmanager"),
        new("dunders", "class A:\n    def __enter__(self): return self\n    def __exit__(self, *e): pass\n")
            .async_def("def __enter__(self): return self", "def __enter__")
            .rename("__enter__", "__aenter__")
            .async_def("def __exit__(self, *e): pass", "def __exit__")
            .rename("__exit__", "__aexit__"),
        new("next and StopIteration", "async def f(it, d):\n    try:\n        return next(it), d\n    except StopIteration as e:\n        raise KeyError(d) from e\n")
            .change(|operand| EditKind::Await { operand }, "next(it)", &[Before("next(", "await ")])
            .rename("next", "anext")
            .rename("StopIteration", "StopAsyncIteration"),
        new("annotations", "from typing import Any, Generator\nfrom collections.abc import Callable\ndef f(cb: Callable[[int, str], Any], g: 'Callable[..., int]') -> Generator[int, str, None]: ...\n")
            .import(After("abc import Callable", ", AsyncGenerator, Awaitable"))
            .change(annotation, "Callable[[int, str], Any]", &[Before("], |Any", "Awaitable["), After("], |Any", "]")])
            .change(annotation, "[..., |int", &[Before("[..., |int", "Awaitable["), After("[..., |int", "]")])
            .change(annotation, "Generator[int, str, None]", &[Swap("-> |Generator", "AsyncGenerator"), Swap("str|, None", "")]),
        new("mocks", "from unittest.mock import Mock, patch\nwith patch('pkg.mod.load', new_callable=Mock) as m:\n    m.side_effect = [1, 'two']\n    m.assert_called_once_with(1, k=2)\n")
            .import(After("import Mock", ", AsyncMock"))
            .rename("new_callable=|Mock", "AsyncMock")
            .rename("assert_called_once_with", "assert_awaited_once_with"),
        new("names in strings", "def f(o):\n    return getattr(o, 'load', None), import_string('pkg.mod.load')\n")
            .rename("o, |'load'", "'aload'")
            .rename("pkg.mod.|load", "aload"),
    ]
}

fn statements() -> Vec<Build> {
    const TEST: &str = "@patch('a.b')\ndef test_load(svc):\n    assert svc.load(1) == 'one'";
    const SHAPE: &str = "try:\n            asyncio.get_running_loop().create_task(self.c(1, 'x'))\n        except RuntimeError:\n            asyncio.run(self.c(1, 'x'))  # no loop";
    const RUN: &str = "asyncio.run(self.c(1, 'x'))";
    let fallback: fn(TextRange) -> EditKind = |statement| EditKind::Fallback { statement };
    let method = |keyword: &str| {
        format!("import asyncio\nimport os\n\nclass A:\n    {keyword} f(self):\n        {SHAPE}\n        # done\n")
    };
    vec![
        new("a test gets its marker", &format!("import os\n\n\n{TEST}  # first\n"))
            .import(After("import os", "\nimport pytest"))
            .async_def(TEST, "def test_load")
            .change(
                |function| EditKind::Decorator { function, decorator: "pytest.mark.asyncio".into() },
                TEST,
                &[Before("@patch", "@pytest.mark.asyncio\n")],
            )
            .awaited("svc.load(1)"),
        new("fallback inside async code", &method("async def")).change(
            fallback,
            SHAPE,
            &[Swap(SHAPE, "asyncio.create_task(self.c(1, 'x'))")],
        ),
        new("fallback handler becomes a log line", &method("def"))
            .import(After("import os", "\nimport logging"))
            .logger()
            .change(fallback, RUN, &[Swap(RUN, "logger.warning('No running event loop: %s was not scheduled', 'c')")]),
        new("fallback handler raises", &method("def")).change(fallback, RUN, &[Swap(RUN, "raise")]),
        new("an executor that is waited for", &waiting(EXECUTOR)).change(
            |statements| joined(statements, EXECUTOR, ", |self"),
            EXECUTOR,
            &[
                Swap("with ThreadPoolExecutor() as pool:\n        return pool.submit(asyncio.run, ", "return await "),
                Swap("'x')|).result()", ""),
            ],
        ),
        new("a thread that is waited for", &waiting(THREAD)).change(
            |statements| joined(statements, THREAD, "lambda: asyncio.run(|self"),
            THREAD,
            &[
                Swap("t = Thread(target=lambda: asyncio.run(", "await "),
                Swap("'x')|))\n    t.start()\n    t.join()", ""),
            ],
        ),
    ]
}

const EXECUTOR: &str =
    "with ThreadPoolExecutor() as pool:\n        return pool.submit(asyncio.run, self.c(1, 'x')).result()";
const THREAD: &str = "t = Thread(target=lambda: asyncio.run(self.c(1, 'x')))\n    t.start()\n    t.join()";

/// A coroutine function with these statements in it.
fn waiting(statements: &str) -> String {
    format!("import asyncio\n\nasync def f(self):\n    {statements}\n")
}

/// The change of `text`, in which the coroutine begins at the bar of `at`.
fn joined(statements: TextRange, text: &str, at: &str) -> EditKind {
    let (before, behind) = at.split_once('|').expect("a bar");
    let start = text.find(&format!("{before}{behind}")).expect("the coroutine") + before.len();
    let start = statements.start() + TextSize::try_from(start).expect("a short text");
    let length = TextSize::of("self.c(1, 'x')");
    EditKind::Joined { statements, coroutine: TextRange::at(start, length) }
}

impl Build {
    fn logger(mut self) -> Self {
        self.record(EditKind::Logger, &[After("import os\n", "\nlogger = logging.getLogger(__name__)\n")]);
        self
    }
}
