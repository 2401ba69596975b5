//! What must stay in the thread of the loop: objects that are tied to it, and what wakes who waits there.

use crate::support::*;

/// An object that an offloaded function makes is made in the worker, too.
#[test]
fn what_makes_an_object_with_a_foreign_base_stays_on_the_loop() {
    let project = Project::new(
        "#- app.py
from tasks import TaskManager

class Downloads(TaskManager):
    def __init__(self):
        super().__init__()
        self.found = {}

    async def stop(self):
        pass

class Uploads(TaskManager):
    def __init__(self):
        TaskManager.__init__(self)

    async def stop(self):
        pass

class Peers(TaskManager):
    async def stop(self):
        pass

class Rows:
    def __init__(self):
        self.found = {}

class First:
    def __init__(self, persistence):
        self.made = Downloads()
        self.state = persistence.get('state')

class Second:
    def __init__(self, persistence):
        self.made = Uploads()
        self.state = persistence.get('state')

class Third:
    def __init__(self, persistence):
        self.made = Peers()
        self.state = persistence.get('state')

class Fourth:
    def __init__(self, persistence):
        self.made = Rows()
        self.state = persistence.get('state')

async def main(persistence):
    print(First(persistence), Second(persistence), Third(persistence), Fourth(persistence))
",
    );
    check_round(&project);
    project.run("apply --allow-dirty").returned(0).says(&[
        "`app.Downloads.__init__` makes an object that may need the running loop (`super().__init__`)",
        "`app.Uploads.__init__` makes an object that may need the running loop (`tasks.TaskManager.__init__`)",
        "`app.Third.__init__` makes an object that may need the running loop (`Peers`)",
    ]);
    assert!(
        project
            .text("app.py")
            .contains("print(First(persistence), Second(persistence), Third(persistence), await asyncio.to_thread(Fourth, persistence))")
    );
}

/// From another thread the loop is not woken.
#[test]
fn what_wakes_a_waiter_of_the_loop_stays_on_it() {
    let project = Project::new(
        "#- app.py
import asyncio
import threading
from asyncio import Queue

class Store:
    def __init__(self, persistence, loop):
        self.persistence = persistence
        self.loop = loop
        self.ready = asyncio.Event()
        self.rows = Queue()
        self.other = threading.Event()

    def __len__(self):
        return self.size() + self.told() + self.alien() + self.handed(None)

    def size(self):
        self.ready.set()
        return self.persistence.size('a')

    def told(self):
        self.rows.put_nowait(1)
        return self.persistence.size('b')

    def alien(self):
        self.other.set()
        return self.persistence.size('c')

    def safe(self):
        self.loop.call_soon_threadsafe(self.ready.set)
        self.loop.call_soon_threadsafe(lambda: self.rows.put_nowait(1))
        return self.persistence.size('d')

    def handed(self, future: asyncio.Future):
        future.set_result(1)
        return self.persistence.size('e')

async def main(store: Store, future):
    print(store.size(), store.told(), store.handed(future))
    print(store.alien(), store.safe())
",
    );
    check_round(&project);
    project.run("apply --allow-dirty").returned(0).says(&[
        "`app.Store.size` needs the running loop (`ready.set`), so it cannot run in a thread",
        "`app.Store.told` needs the running loop (`rows.put_nowait`), so it cannot run in a thread",
        "`app.Store.handed` needs the running loop (`future.set_result`), so it cannot run in a thread",
    ]);
    let text = project.text("app.py");
    assert!(text.contains("print(store.size(), store.told(), store.handed(future))"), "{text}");
    assert!(text.contains("print(await asyncio.to_thread(store.alien), "), "{text}");
}

/// Python takes signal handlers in the main thread alone, and a command that sets some is run by async code, too.
#[test]
fn what_sets_signal_handlers_stays_in_the_main_thread() {
    let project = Project::new(
        "#- awaitify.toml
codemods = [\"persistence\"]
keep_sync = [\"cli.main\"]
#- cli.py
import signal
from signal import signal as handle

def configure():
    signal.signal(signal.SIGHUP, print)

def more():
    handle(2, print)

def main(persistence):
    configure()
    more()
    return persistence.get('a')

async def other(persistence):
    return main(persistence)
",
    );
    check_round(&project).says(&["needs the main thread (`signal.signal`)", "0 files to change"]);
}

/// What is written from another thread waits until the loop wakes for another reason.
#[test]
fn what_writes_to_a_transport_or_a_stream_stays_on_the_loop() {
    let class = |name: &str, base: &str, made: &str, call: &str| {
        format!(
            "class {name}{base}:
    def __init__(self, persistence, given: {made}):
        self.persistence = persistence
        self.given = given

    def connection_made(self, transport):
        self.transport = transport

    async def open(self):
        self.reader, self.out = await asyncio.open_connection('a', 1)

    def __len__(self):
        return self.send()

    def send(self):
        {call}(self.persistence.get('a'))
        return 1

    async def again(self):
        return self.send()

"
        )
    };
    let classes = [
        class("Proxy", "(asyncio.Protocol)", "int", "self.transport.write"),
        class("Peer", "", "asyncio.StreamWriter", "self.given.write"),
        class("Link", "", "int", "self.out.write"),
        class("Feed", "", "'asyncio.Queue[int]'", "self.given.put_nowait"),
    ];
    let project = Project::new(&format!("#- app.py\nimport asyncio\n\n{}", classes.concat()));
    check_round(&project).says(&["`app.Proxy.send` needs the running loop (`transport.write`)", "0 files to change"]);
    // A file of the program's own is no stream of the loop.
    let file = class("File", "", "io.TextIOBase", "self.given.write");
    let project = Project::new(&format!("#- app.py\nimport asyncio\nimport io\n\n{file}"));
    assert!(check_round(&project).text().contains("return await asyncio.to_thread(self.send)"));
}

#[test]
fn waiters_that_are_annotated_made_by_factories_or_kept_in_containers_stay_on_the_loop() {
    let project = Project::new(
        "#- app.py
import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass, field

@dataclass
class Store:
    persistence: object
    maybe: asyncio.Event | None = None
    made = field(default_factory=asyncio.Event)
    quoted: 'asyncio.Event' = None
    others: dict[str, threading.Event] = None

    def __post_init__(self):
        self.queues: dict[str, asyncio.Queue] = {}
        self.topics = defaultdict(asyncio.Queue)

    def __len__(self):
        return self.a() + self.b() + self.c() + self.d() + self.e() + self.f() + self.h()

    def a(self):
        self.maybe.set()
        return self.persistence.size('a')

    def b(self):
        self.made.set()
        return self.persistence.size('b')

    def c(self):
        self.quoted.set()
        return self.persistence.size('c')

    def d(self):
        for queue in list(self.queues.values()):
            queue.put_nowait(1)
        return self.persistence.size('d')

    def e(self):
        self.topics['x'].put_nowait(1)
        return self.persistence.size('e')

    def g(self, loop):
        future = loop.create_future()
        self.pending['x'] = future
        return future

    def h(self):
        self.pending.pop('x').set_result(1)
        return self.persistence.size('h')

    def f(self):
        for other in self.others.values():
            other.set()
        return self.persistence.size('f')

async def main(store: Store):
    print(store.a(), store.b(), store.c(), store.d(), store.e(), store.h())
    print(store.f())
",
    );
    check_round(&project);
    project.run("apply --allow-dirty").returned(0).says(&[
        "`app.Store.a` needs the running loop (`maybe.set`)",
        "`app.Store.b` needs the running loop (`made.set`)",
        "`app.Store.c` needs the running loop (`quoted.set`)",
        "`app.Store.d` needs the running loop (`queue.put_nowait`)",
        "`app.Store.e` needs the running loop (`",
        "`app.Store.h` needs the running loop (`",
    ]);
    let text = project.text("app.py");
    assert!(text.contains("print(store.a(), store.b(), store.c(), store.d(), store.e(), store.h())"), "{text}");
    assert!(text.contains("print(await asyncio.to_thread(store.f))"), "{text}");
}

/// A lambda is searched like a function: what it calls sets a context variable, which a worker would do for itself.
#[test]
fn what_a_lambda_runs_is_looked_at_before_a_worker_gets_it() {
    for call in [
        "sorted((2, 1), key=lambda key: scoped(key))",
        "list(map(lambda key: scoped(key), (2, 1)))",
        "sorted((2, 1), key=lambda key: KEPT.set(key) or persistence.get(key))",
    ] {
        let project = Project::new(&format!(
            "#- app.py
import contextvars

KEPT = contextvars.ContextVar('kept')

def scoped(key):
    KEPT.set(key)
    return persistence.get(key)

async def main():
    return {call}
"
        ));
        let diff = check_round(&project).says(&["app.py:10"]);
        assert!(!diff.text().contains(&format!("-    return {call}")), "{}", diff.text());
    }
}

/// A class that is declared blocking is made where its loop is.
/// `row.get(...)` is a mapping's, whatever class of the program has a `get` that is tied to its thread.
#[test]
fn what_reads_mappings_goes_to_a_thread() {
    check_project(
        "#- app.py
from sqlalchemy.orm import scoped_session, sessionmaker

Session = scoped_session(sessionmaker())

class Vectors:
    def get(self, name):
        return Session().get(name)

def load(row):
    return persistence.get(row.get('id'))

async def main(row, rows):
    rows.sort(key=load)
    return load(row)
",
        "#- app.py
import asyncio

from sqlalchemy.orm import scoped_session, sessionmaker

Session = scoped_session(sessionmaker())

class Vectors:
    def get(self, name):
        return Session().get(name)

def load(row):
    return persistence.get(row.get('id'))

async def main(row, rows):
    await asyncio.to_thread(rows.sort, key=load)
    return await asyncio.to_thread(load, row)
",
    );
}

#[test]
fn what_makes_an_object_of_the_layer_may_need_the_loop() {
    let project = Project::new(
        "#- awaitify.toml
[[blocking]]
class = 'store.Storage'
#- store.py
import asyncio

class Storage:
    def __init__(self, path):
        self.open(path)
        self.loop = asyncio.get_event_loop()

    def open(self, path):
        self.path = path

    def read(self, key):
        return key

class Files(Storage):
    def __init__(self, path):
        super().__init__(path)

class Plain(Storage):
    def __init__(self, path):
        self.open(path)
#- app.py
from store import Files, Plain, Storage

async def main(path):
    files = Files(path)
    print(Storage(path).read('a'), Plain(path).read('b'))
    return files.read('c')
",
    );
    check_round(&project);
    let run = project.run("diff").returned(1).says(&["`store.Storage.__init__` needs the running loop"]);
    assert!(!run.text().contains("to_thread(Files"), "{}", run.text());
    assert!(!run.text().contains("to_thread(Storage,"), "{}", run.text());
    assert!(run.text().contains("(await asyncio.to_thread(Plain, path)).read"), "{}", run.text());
    assert!(run.text().contains("+    return await asyncio.to_thread(files.read, 'c')"), "{}", run.text());
}

/// What a test hands in is put in a thread for that test alone.
#[test]
fn what_a_test_hands_in_is_no_hazard_to_look_at() {
    let project = Project::new(
        "#- app.py
import sys
from collections.abc import Callable
from dataclasses import dataclass

@dataclass
class Out:
    cleanup: Callable[[], None]

def create(persistence):
    def cleanup():
        persistence.get('a')
    sys.setprofile(cleanup)
    return Out(cleanup)

async def run(persistence):
    out = create(persistence)
    out.cleanup()
#- test_app.py
import asyncio
import app

def test_it(monkeypatch):
    done = False
    def fake(persistence):
        def cleanup():
            nonlocal done
            done = True
        return app.Out(cleanup=cleanup)
    monkeypatch.setattr(app, 'create', fake)
    asyncio.run(app.run(None))
    assert done
",
    );
    let run = check_round(&project);
    assert!(run.text().contains("await asyncio.to_thread(out.cleanup)"), "{}", run.text());
    assert!(!run.stderr.contains("AW403"), "{}", run.stderr);
}

/// A handler of tornado answers in the thread of its loop. A method of the project that has the same name answers nothing.
#[test]
fn what_answers_for_a_handler_stays_on_the_loop() {
    let code = |base: &str, own: &str| {
        let class = "    def __len__(self):
        return self.answer(1)

    def answer(self, key):
        self.finish(persistence.get(key))
        return 1

    async def get(self, key):
        return self.answer(key)
";
        format!("#- app.py\nfrom tornado.web import RequestHandler\n\nclass Rows({base}):\n{own}{class}")
    };
    let project = Project::new(&code("RequestHandler", ""));
    check_round(&project).says(&["`app.Rows.answer` needs the running loop (`self.finish`)", "0 files to change"]);
    for (base, own) in [("RequestHandler", "    def finish(self, row):\n        print(row)\n\n"), ("object", "")] {
        let project = Project::new(&code(base, own));
        assert!(check_round(&project).text().contains("return await asyncio.to_thread(self.answer, key)"));
    }
}
