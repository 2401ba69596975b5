//! How far a blocking call spreads: to what may run it, and not to everything that shares a name or a hub with that.

use crate::support::{Project, check_project};

#[test]
fn a_property_that_blocks_says_nothing_of_its_siblings() {
    check_project(
        "#- app.py
class Entity:
    @property
    def label(self):
        return ''

class Stored(Entity):
    @property
    def label(self):
        return persistence.get(self)

class Plain(Entity):
    @property
    def label(self):
        return 'plain'

    async def show(self):
        return self.label

class More(Entity):
    @property
    def label(self):
        return super().label + '!'

    async def show(self):
        return self.label

async def show(entity: Entity, stored: Stored, plain: Plain):
    return entity.label, stored.label, plain.label
",
        "#- app.py
import asyncio


class Entity:
    @property
    def label(self):
        return ''

class Stored(Entity):
    @property
    def label(self):
        return persistence.get(self)

class Plain(Entity):
    @property
    def label(self):
        return 'plain'

    async def show(self):
        return self.label

class More(Entity):
    @property
    def label(self):
        return super().label + '!'

    async def show(self):
        return self.label

async def show(entity: Entity, stored: Stored, plain: Plain):
    return await asyncio.to_thread(lambda: entity.label), await asyncio.to_thread(lambda: stored.label), plain.label
",
    );
}

#[test]
fn a_method_that_stays_is_offloaded_where_it_or_what_overrides_it_blocks() {
    check_project(
        "#- app.py
class Entity:
    def label(self):
        return ''

class Stored(Entity):
    def label(self):
        return persistence.get(self)

class Plain(Entity):
    def label(self):  # awaitify: keep
        return 'plain'

    async def show(self):
        return self.label()

class More(Plain):
    def label(self):
        return super().label() + '!'

class Both(Plain, Stored):
    pass

class Other(Entity):
    def label(self):
        return 'other'

async def show(entity: Entity, stored: Stored, plain: Plain, other: Other):
    return entity.label(), stored.label(), plain.label(), other.label()
",
        "#- app.py
import asyncio


class Entity:
    def label(self):
        return ''

class Stored(Entity):
    def label(self):
        return persistence.get(self)

class Plain(Entity):
    def label(self):  # awaitify: keep
        return 'plain'

    async def show(self):
        return await asyncio.to_thread(self.label)

class More(Plain):
    def label(self):
        return super().label() + '!'

class Both(Plain, Stored):
    pass

class Other(Entity):
    def label(self):
        return 'other'

async def show(entity: Entity, stored: Stored, plain: Plain, other: Other):
    return await asyncio.to_thread(entity.label), await asyncio.to_thread(stored.label), await asyncio.to_thread(plain.label), other.label()
",
    );
}

/// A Protocol, and `count` classes that have its method without naming it, `blocking` of which block.
fn gettables(count: usize, blocking: usize) -> String {
    let mut text = "#- app.py
from typing import Protocol


class Gettable(Protocol):
    def fetch(self, key: str) -> object: ...

"
    .to_owned();
    for number in 0..count {
        let body = if number < blocking { "persistence.get(key)" } else { "len(key)" };
        text += &format!("class Part{number}:\n    def fetch(self, key):\n        return {body}\n\n");
    }
    text + "async def show(any: Gettable, first: Part0, last: Part19):\n    return any.fetch('a'), first.fetch('a'), last.fetch('a')\n"
}

#[test]
fn classes_that_a_protocol_fits_by_chance_say_nothing_of_one_another() {
    let before = gettables(20, 1);
    let after = before
        .replace("from typing", "import asyncio\nfrom typing")
        .replace("first.fetch('a')", "await asyncio.to_thread(first.fetch, 'a')");
    check_project(&before, &after);
}

#[test]
fn a_protocol_that_stands_for_what_blocks_is_one_family_with_it() {
    let before = gettables(20, 20);
    let after = before
        .replace("from typing", "import asyncio\nfrom typing")
        .replace("    def fetch", "    async def fetch")
        .replace("persistence.get(key)", "await asyncio.to_thread(persistence.get, key)")
        .replace("any.fetch", "await any.fetch")
        .replace("first.fetch", "await first.fetch")
        .replace("last.fetch", "await last.fetch");
    check_project(&before, &after);
}

#[test]
fn a_function_that_a_decorator_shares_with_a_generator_is_none() {
    check_project(
        "#- app.py
import asyncio
import functools

def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print(\"enter\")
        try:
            return fn(*args, **kwargs)
        finally:
            print(\"leave\")
    return wrapper

@timed
def load(k):
    return persistence.get(k)

@timed
def rows(k):
    yield persistence.get(k)

async def main():
    x = 0
    x += load(3)
    print(sum(load(4)), sum(rows(3)))
    return x
",
        "#- app.py
import asyncio
import functools

def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print(\"enter\")
        try:
            return fn(*args, **kwargs)
        finally:
            print(\"leave\")
    return wrapper

@timed
def load(k):
    return persistence.get(k)

@timed
def rows(k):
    yield persistence.get(k)

async def main():
    x = 0
    x += await asyncio.to_thread(load, 3)
    print(sum(await asyncio.to_thread(load, 4)), await asyncio.to_thread(sum, rows(3)))
    return x
",
    );
}

#[test]
fn what_converts_for_its_family_alone_runs_no_loop_of_its_own() {
    check_project(
        "#- app.py
import asyncio


class Store:
    def pick(self):
        return 1


class FastStore(Store):
    def pick(self):
        return 2


class SlowStore(Store):
    def pick(self):
        return persistence.get(1)


async def main():
    return SlowStore().pick()


def run():
    print(FastStore().pick())
    asyncio.run(main())


if __name__ == '__main__':
    run()
",
        "#- app.py
import asyncio


class Store:
    async def pick(self):
        return 1


class FastStore(Store):
    async def pick(self):
        return 2


class SlowStore(Store):
    async def pick(self):
        return await asyncio.to_thread(persistence.get, 1)


async def main():
    return await SlowStore().pick()


async def run():
    print(await FastStore().pick())
    await main()


if __name__ == '__main__':
    asyncio.run(run())
",
    );
}

/// A lambda that calls what stays would give its value, and not an awaitable.
#[test]
fn a_lambda_that_hands_on_no_awaitable_keeps_what_runs_it() {
    let text = "#- awaitify.toml
codemods = [\"persistence\", \"asyncio-run\"]
offload_project = \"none\"
#- app.py
def load(key):  # awaitify: keep
    return persistence.get(key)

def twice(fn, key):
    return fn(key) + fn(key)

async def main():
    return twice(lambda key: load(key), 1), twice(lambda key: persistence.get(key) + 1, 2)
";
    check_project(text, "");
}

#[test]
fn a_property_of_a_mixin_is_read_through_its_sibling() {
    check_project(
        "#- app.py
class Named:
    @property
    def label(self):
        return ''

class Stored:
    @property
    def label(self):
        return persistence.get(self)

class Both(Stored, Named):
    pass

async def show(named: Named):
    return named.label
",
        "#- app.py
import asyncio


class Named:
    @property
    def label(self):
        return ''

class Stored:
    @property
    def label(self):
        return persistence.get(self)

class Both(Stored, Named):
    pass

async def show(named: Named):
    return await asyncio.to_thread(lambda: named.label)
",
    );
}

#[test]
fn a_function_in_an_attribute_is_called_on_objects_that_have_it() {
    check_project(
        "#- app.py
from dataclasses import dataclass
from typing import Callable

@dataclass
class Stored:
    read: Callable

@dataclass
class Plain:
    read: Callable

def load(key):
    return persistence.get(key)

async def main():
    print(show(Stored(read=load)))

def wrap(job):
    return spelled(Plain(read=job))

def show(stored: Stored):
    return stored.read('a')

def spelled(plain: Plain):
    return plain.read('a')
",
        "#- app.py
import asyncio
from dataclasses import dataclass
from typing import Callable

@dataclass
class Stored:
    read: Callable

@dataclass
class Plain:
    read: Callable

async def load(key):
    return await asyncio.to_thread(persistence.get, key)

async def main():
    print(await show(Stored(read=load)))

def wrap(job):
    return spelled(Plain(read=job))

async def show(stored: Stored):
    return await stored.read('a')

def spelled(plain: Plain):
    return plain.read('a')
",
    );
}

/// `count` functions that are run at one place in a thread, and one caller of the first that waits for it itself.
fn hub(count: usize) -> String {
    let mut text = String::from("#- app.py\nimport asyncio\n\n");
    for at in 0..count {
        text += &format!("def load_{at}(key):\n    return persistence.get(key)\n\n");
    }
    text += "async def run(job, key):\n    return await asyncio.get_running_loop().run_in_executor(None, job, key)\n\nasync def main():\n";
    for at in 0..count {
        text += &format!("    await run(load_{at}, 'a')\n");
    }
    text + "    load_0('a')\n"
}

#[test]
fn what_runs_where_a_crowd_runs_stays() {
    let few = Project::new(&hub(4)).run("diff");
    assert!(few.text().contains("+async def load_0(key):"), "{}", few.text());
    let crowd = Project::new(&hub(40)).run("diff");
    assert!(!crowd.text().contains("async def load_"), "{}", crowd.text());
    assert!(crowd.text().contains("+    await asyncio.to_thread(load_0, 'a')"), "{}", crowd.text());
    let why = Project::new(&hub(40)).run("why app.load_0");
    assert!(why.text().contains("one of too many functions that run at `job` (app.py:"), "{}", why.text());
}

#[test]
fn what_a_module_has_under_the_name_is_no_agreement() {
    check_project(
        "#- app.py
class Remote:
    def isfile(self, name):
        return persistence.get(name)

    def fetch(self, name):
        return persistence.get(name)

async def show(host, remote: Remote, other):
    host.path.isfile('a')
    other.fetch('a')
    return remote.isfile('a')
",
        "#- app.py
import asyncio


class Remote:
    def isfile(self, name):
        return persistence.get(name)

    async def fetch(self, name):
        return await asyncio.to_thread(persistence.get, name)

async def show(host, remote: Remote, other):
    host.path.isfile('a')
    await other.fetch('a')
    return await asyncio.to_thread(remote.isfile, 'a')
",
    );
}

/// A property that `count` classes define, of which the first blocks, read of any of them.
fn many(count: usize) -> String {
    let mut text = String::from("#- app.py\nclass Entity:\n    @property\n    def label(self):\n        return ''\n\n");
    text += "class Stored(Entity):\n    @property\n    def label(self):\n        return persistence.get(self)\n\n";
    for at in 0..count {
        text += &format!("class Plain{at}(Entity):\n    @property\n    def label(self):\n        return '{at}'\n\n");
    }
    text + "async def show(entity: Entity, stored: Stored):\n    return entity.label, stored.label\n"
}

#[test]
fn a_property_of_many_classes_is_read_as_what_it_is_in_most() {
    let few = Project::new(&many(4)).run("diff");
    assert!(few.text().contains("+    return await asyncio.to_thread(lambda: entity.label), "), "{}", few.text());
    let crowd = Project::new(&many(40)).run("diff");
    let expect = "+    return entity.label, await asyncio.to_thread(lambda: stored.label)";
    assert!(crowd.text().contains(expect), "{}", crowd.text());
}

#[test]
fn what_may_block_in_a_property_is_listed_and_its_readers_stay() {
    let project = Project::new(
        "#- app.py
class Sensor:
    def __init__(self, read):
        self.read = read

    @property
    def value(self):
        return self.read('a')

def load(key):
    return persistence.get(key)

def build(job):
    return Sensor(job)

async def main():
    return Sensor(load).value

async def other(sensor: Sensor):
    return sensor.value
",
    );
    let diff = project.run("diff");
    diff.says(&["app.py:7: `self.read` runs something that nobody knows"]);
    assert!(!project.run("diff").text().contains("lambda: "));
}

#[test]
fn an_attribute_is_read_where_the_type_of_its_object_has_it() {
    check_project(
        "#- app.py
from dataclasses import dataclass
from typing import Callable

class Description:
    pass

@dataclass
class Stored(Description):
    read: Callable

@dataclass
class Plain(Description):
    read: Callable

def load(key):
    return persistence.get(key)

class Entity:
    description: Description

    def __init__(self, description):
        self.description = description

class StoredEntity(Entity):
    description: Stored

    def show(self):
        return self.description.read('a')

class PlainEntity(Entity):
    description: Plain

    def label(self):
        return self.description.read('a')

async def main():
    print(StoredEntity(Stored(read=load)).show())

async def other(entity: PlainEntity, job):
    print(entity.label(), PlainEntity(Plain(read=job)).label())
",
        "#- app.py
import asyncio
from dataclasses import dataclass
from typing import Callable

class Description:
    pass

@dataclass
class Stored(Description):
    read: Callable

@dataclass
class Plain(Description):
    read: Callable

def load(key):
    return persistence.get(key)

class Entity:
    description: Description

    def __init__(self, description):
        self.description = description

class StoredEntity(Entity):
    description: Stored

    def show(self):
        return self.description.read('a')

class PlainEntity(Entity):
    description: Plain

    def label(self):
        return self.description.read('a')

async def main():
    print(await asyncio.to_thread(StoredEntity(Stored(read=load)).show))

async def other(entity: PlainEntity, job):
    print(entity.label(), PlainEntity(Plain(read=job)).label())
",
    );
}

#[test]
fn a_member_that_a_foreign_base_has_is_not_of_a_class_beside_it() {
    check_project(
        "#- awaitify.toml
codemods = [\"./own.toml\"]
#- own.toml
[[blocking]]
class = \"client.Client\"
#- client.py
class Client:
    def get_channel(self, number):
        return number
#- bot.py
from elsewhere import Base

class Bot(Base):
    pass
#- app.py
from bot import Bot
from client import Client

class Cog:
    def __init__(self, bot: Bot):
        self.bot = bot

    async def show(self, client, number):
        self.bot.get_channel(number)
        return client.get_channel(number)

async def main(bot: Bot):
    await Cog(bot).show(Client(), 1)
",
        "#- app.py
import asyncio

from bot import Bot
from client import Client

class Cog:
    def __init__(self, bot: Bot):
        self.bot = bot

    async def show(self, client, number):
        self.bot.get_channel(number)
        return await asyncio.to_thread(client.get_channel, number)

async def main(bot: Bot):
    await Cog(bot).show(Client(), 1)
",
    );
}

#[test]
fn what_a_test_for_a_builtin_type_rules_out_is_not_iterated_over() {
    check_project(
        "#- app.py
class Rows:
    def __init__(self, table):
        self.table = table

    def __iter__(self):
        for row in persistence.all(self.table):
            yield row

def plain(data):
    if isinstance(data, (list, tuple)):
        return [plain(inner) for inner in data]
    return str(data)

async def show(table):
    rows = Rows(table)
    return plain(rows), plain([1]), [row for row in rows]
",
        "#- app.py
import asyncio


class Rows:
    def __init__(self, table):
        self.table = table

    async def __aiter__(self):
        for row in await asyncio.to_thread(persistence.all, self.table):
            yield row

def plain(data):
    if isinstance(data, (list, tuple)):
        return [plain(inner) for inner in data]
    return str(data)

async def show(table):
    rows = Rows(table)
    return plain(rows), plain([1]), [row async for row in rows]
",
    );
}

/// What may be something of others where it is called cannot be awaited there: a name with a fallback, a union, an attribute that
/// is written twice.
#[test]
fn what_may_be_something_of_others_is_not_awaited() {
    check_project(
        "#- utils.py
def same(persistence, key):
    return persistence.get(key)

def alone(persistence, key):
    return persistence.get(key)
#- app.py
import io
try:
    from os.path import samefile
except ImportError:
    from utils import same as samefile
try:
    from app.utils import alone
except ImportError:
    from utils import alone

class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def read(self):
        return self.persistence.get(1)

    def getvalue(self):
        return self.persistence.get(1)

    def load(self):
        return self.persistence.get(1)

class Holder:
    def __init__(self, persistence, flag):
        self.kept = io.StringIO()
        if flag:
            self.kept = Store(persistence)

    async def run(self):
        return self.kept.getvalue()

async def main(both: Store | io.StringIO, store: Store, persistence):
    print(both.read(), samefile(persistence, 2), alone(persistence, 3))
    if isinstance(both, Store):
        print(both.load())
    return store.read()
",
        "#- utils.py
import asyncio


def same(persistence, key):
    return persistence.get(key)

async def alone(persistence, key):
    return await asyncio.to_thread(persistence.get, key)
#- app.py
import asyncio
import io
try:
    from os.path import samefile
except ImportError:
    from utils import same as samefile
try:
    from app.utils import alone
except ImportError:
    from utils import alone

class Store:
    def __init__(self, persistence):
        self.persistence = persistence

    def read(self):
        return self.persistence.get(1)

    def getvalue(self):
        return self.persistence.get(1)

    async def load(self):
        return await asyncio.to_thread(self.persistence.get, 1)

class Holder:
    def __init__(self, persistence, flag):
        self.kept = io.StringIO()
        if flag:
            self.kept = Store(persistence)

    async def run(self):
        return await asyncio.to_thread(self.kept.getvalue)

async def main(both: Store | io.StringIO, store: Store, persistence):
    print(await asyncio.to_thread(both.read), await asyncio.to_thread(samefile, persistence, 2), await alone(persistence, 3))
    if isinstance(both, Store):
        print(await both.load())
    return await asyncio.to_thread(store.read)
",
    );
}

/// `x.__class__` is there on every object: no `__getattr__` runs for it, whatever that one does.
#[test]
fn no_attribute_hook_runs_for_what_every_object_has() {
    check_project(
        "#- app.py
class Record:
    def __init__(self, persistence):
        self.persistence = persistence
        self.kind = self.__class__

    def __getattr__(self, name):
        return self.persistence.get(name)

    def load(self):
        return self.persistence.get(1)

async def main(persistence):
    return Record(persistence).load()
",
        "#- app.py
import asyncio


class Record:
    def __init__(self, persistence):
        self.persistence = persistence
        self.kind = self.__class__

    def __getattr__(self, name):
        return self.persistence.get(name)

    async def load(self):
        return await asyncio.to_thread(self.persistence.get, 1)

async def main(persistence):
    return await Record(persistence).load()
",
    );
}
