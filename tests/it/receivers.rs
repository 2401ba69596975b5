//! Receivers of unknown type: no object of a class that never gets out of sight, and any object of one that does.

use crate::support::{Project, check_project, check_round};

const STORE: &str = "class Store:
    def fetch(self, key):
        return persistence.get(key)
";

const USE: &str = "
async def main():
    store = Store()
    return store.fetch('a')

async def other():
    vendor.feed(Table())
    return vendor.find().fetch('b')
";

/// Does `Store.fetch` become async?
#[track_caller]
fn converts(before: &str, class: &str, rest: &str, tests: &str) -> bool {
    let text = format!(
        "import vendor\n\n{before}{class}\nclass Table:\n    def fetch(self, key):\n        return key\n\n{USE}\n{rest}"
    );
    let project = Project::new(&format!("#- app.py\n{text}\n#- tests/test_app.py\n{tests}\n"));
    let run = project.run("diff --exit-zero").returned(0);
    assert!(run.text().contains("store.fetch"), "{}\n{}", run.text(), run.stderr);
    run.text().contains("+    async def fetch(self, key):")
}

#[test]
fn an_unknown_receiver_is_no_object_of_a_class_that_stays_in_sight() {
    for rest in [
        "",
        "STORES = {'a': Store()}\n\nasync def show(name):\n    return STORES[name].fetch('c')\n",
        "class App:\n    def __init__(self, store: Store):\n        self.store = store\n\n    async def show(self):\n        return self.store.fetch('c')\n",
        "def show(x):\n    return isinstance(x, Store)\n",
        "class Child(Store):\n    pass\n\nasync def show():\n    return Child().fetch('c')\n",
        "def make():\n    return Store()\n\nasync def show():\n    return make().fetch('c')\n",
    ] {
        assert!(converts("", STORE, rest, ""), "{rest}");
    }
}

/// An app that holds a store, and entities of which `handle` reads whatever it is told to.
fn app_and_entities(hook: &str) -> String {
    format!(
        "class App:
    def __init__(self):
        self.main_store = Store()

class Entity:
    def __init__(self, app):
        self.app = app

class Light(Entity):
{hook}

def handle(entity: Entity, name: str):
    return vendor.call(getattr(entity, name))
"
    )
}

#[test]
fn a_class_that_computes_attributes_stands_for_the_objects_that_it_hands_names_on_to() {
    for hook in [
        "    pass",
        "    def __getattribute__(self, name):
        if name != 'features':
            return super().__getattribute__(name)
        return super().__getattribute__(name) | 1",
        "    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        return getattr(self.table, name)

    def open(self):
        self.table = Table()",
    ] {
        assert!(converts("", STORE, &app_and_entities(hook), ""), "{hook}");
    }
    for hook in [
        "    def __getattr__(self, name):
        return getattr(self.app, name)

Light(App())",
        "    def __getattr__(self, name):
        return vendor.read(self.app, name)",
        "    def __getattribute__(self, name):
        found = name
        return getattr(self.app, found)",
    ] {
        assert!(!converts("", STORE, &app_and_entities(hook), ""), "{hook}");
    }
}

#[test]
fn an_annotation_says_what_somebody_outside_gives() {
    let rest = |annotation: &str, table: &str| {
        format!(
            "class Shelf:
    def __init__(self, table):
        self.table = {table}

def show(shelf{annotation}):
    return shelf.table.fetch('c')
"
        )
    };
    assert!(converts("", STORE, &rest(": Shelf", "vendor.table()"), ""));
    assert!(converts("", STORE, &rest(": Shelf | None", "vendor.table()"), ""));
    assert!(!converts("", STORE, &rest(": Shelf", "table"), ""));
    assert!(!converts("", STORE, &rest("", "vendor.table()"), ""));
    assert!(!converts("", STORE, &rest(": dict", "vendor.table()"), ""));
}

#[test]
fn a_literal_is_no_object_of_the_class_that_a_parameter_is_annotated_with() {
    let run = |annotation: &str, given: &str| {
        let project = Project::new(&format!(
            "#- app.py
import vendor
from typing import TypedDict

class Session:
    pass

class Options(TypedDict):
    pass

class Store:
    def fetch(self, key: str, session: {annotation}):
        return persistence.get(key)

vendor.register(Store())
NOTHING = {{}}

async def main():
    store = Store()
    store.fetch('a', vendor.session())
    return vendor.find().fetch('b', {given})
"
        ));
        project.run("diff --exit-zero").returned(0).text().contains("async def fetch")
    };
    for (annotation, given) in
        [("Session", "{}"), ("Session", "NOTHING"), ("Session", "''"), ("str", "[]"), ("int", "''")]
    {
        assert!(run(annotation, given), "{annotation} {given}");
    }
    for (annotation, given) in [
        ("Session", "None"),
        ("Session", "vendor.session()"),
        ("Options", "{}"),
        ("vendor.Session", "{}"),
        ("str", "''"),
        ("float", "1"),
    ] {
        assert!(!run(annotation, given), "{annotation} {given}");
    }
}

#[test]
fn a_proxy_may_give_more_arguments_than_it_is_called_with() {
    for hook in [
        "return partial(getattr(self.inner, name), self.session)",
        "method = getattr(self.inner, name)\n        return lambda *args: method(self.session, *args)",
    ] {
        let project = Project::new(&format!(
            "#- app.py
from functools import partial

class Store:
    def fetch(self, session, key):
        return persistence.get(key)

class Proxy:
    def __init__(self, inner, session):
        self.inner = inner
        self.session = session

    def __getattr__(self, name):
        {hook}

async def main():
    store = Store()
    store.fetch(1, 'a')
    return Proxy(store, 2).fetch('b')
"
        ));
        project.run("apply").returned(0);
        let text = project.text("app.py");
        assert!(text.contains("async def fetch") && text.contains("return await Proxy(store, 2).fetch('b')"), "{text}");
    }
}

#[test]
fn no_class_is_looked_up_in_an_object_of_a_foreign_class() {
    let rest = |annotation: &str| {
        format!(
            "from outside import Table as Held\n\ndef show(held{annotation}, kind):\n    return getattr(held, f'{{kind}}e')\n"
        )
    };
    assert!(converts("", STORE, &rest(": Held"), ""));
    assert!(!converts("", STORE, &rest(""), ""));
}

#[test]
fn a_computed_name_is_what_its_own_class_says() {
    let rest = |own: &str| {
        format!(
            "class Meter:
    def __init__(self, data):
        self.data = data
        self._key = {own}

    def value(self):
        return vendor.show(getattr(self.data, self._key))

class Other:
    def __init__(self, kind):
        self._key = f'{{kind}}_store'

class App:
    def __init__(self):
        self.main_store = Store()
"
        )
    };
    assert!(converts("", STORE, &rest("'level'"), ""));
    assert!(!converts("", STORE, &rest("vendor.kind() + '_store'"), ""));
}

#[test]
fn an_object_that_gets_out_of_sight_may_be_any_unknown_receiver() {
    for rest in [
        "vendor.register(Store())\n",
        "vendor.register(make=Store)\n",
        "vendor.register(lambda: Store())\n",
        "def make():\n    return Store()\n\nvendor.register(make)\n",
        "vendor.shelf['a'] = Store()\n\nclass Shelf(vendor.Shelf):\n    pass\n\nshelf = Shelf()\nshelf['b'] = Store()\n",
        "class Cache:\n    def __setitem__(self, key, value):\n        vendor.put(value)\n\nCACHE = Cache()\nCACHE['a'] = Store()\n",
        "import copy\n\nasync def show():\n    return copy.copy(Store()).fetch('c')\n",
        "class Child(Store, vendor.Base):\n    pass\n",
        "class Child(Store):\n    pass\n",
        "@vendor.model\nclass Child(Store):\n    pass\n\nChild()\n",
        "class Child(Store, metaclass=vendor.Meta):\n    pass\n\nChild()\n",
        "def all_of_them():\n    return [one().fetch('c') for one in Store.__subclasses__()]\n\nclass Child(Store):\n    pass\n",
        "async def show(name):\n    return globals()[name + 'Store']().fetch('c')\n\nclass MemoryStore(Store):\n    pass\n\nMemoryStore()\n",
        "TABLE = {'class': 'app.Store'}\n",
        "async def show(item):\n    match item:\n        case Store() as found:\n            vendor.put(found)\n",
    ] {
        assert!(!converts("", STORE, rest, ""), "{rest}");
    }
}

#[test]
fn a_class_that_something_else_makes_objects_of_is_not_followed() {
    let external = STORE.replace("Store:", "Store(vendor.Base):");
    let decorated = format!("@vendor.model\n{STORE}");
    let registering = format!(
        "KINDS = []\n\n{STORE}\n    def __init_subclass__(cls):\n        KINDS.append(cls)\n\nasync def show(at):\n    return vendor.run(KINDS)\n"
    );
    let raised = STORE.replace("Store:", "Store(Exception):");
    let compared = format!("{STORE}\n    def __lt__(self, other):\n        return other.fetch('a') < 'b'\n");
    for class in [external, decorated, registering, raised, compared] {
        assert!(!converts("", &class, "", ""), "{class}");
    }
}

/// Is every `fetch('c')` awaited, if `Store.fetch` becomes async?
#[track_caller]
fn is_awaited(rest: &str, tests: &str) {
    let project = Project::new(&format!(
        "#- app.py\nimport vendor\n\n{STORE}\nclass Table:\n    def fetch(self, key):\n        return key\n{USE}\n{rest}\n#- tests/test_app.py\n{tests}\n"
    ));
    project.run("apply").returned(0);
    let text = project.text("app.py");
    let mut lines = text.lines().filter(|line| line.contains("fetch('c')"));
    assert!(!text.contains("    async def fetch(self, key):") || lines.all(|line| line.contains("await ")), "{text}");
}

#[test]
fn what_is_looked_up_by_a_name_may_be_the_object() {
    is_awaited(
        "class App:
    def __init__(self):
        self.main_store = Store()

    async def show(self, kind):
        return getattr(self, kind + '_store').fetch('c')
",
        "",
    );
    is_awaited(
        "from app import Store as Kept\n\nasync def show():\n    return Kept.fetch(Kept(), 'a'), app.Store.fetch('c')\n",
        "",
    );
    is_awaited(
        "class Proxy:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

async def show():
    return Proxy(Store()).fetch('c')
",
        "",
    );
    is_awaited("import app\n\nasync def show():\n    return getattr(app, 'Store')().fetch('c')\n", "");
}

#[test]
fn what_a_test_brings_to_the_code_may_be_the_object() {
    let show = "def show(item):\n    return item.fetch('c')\n";
    is_awaited(show, "from app import Store, show\n\ndef test_show():\n    show(Store())\n");
    is_awaited(
        show,
        "import pytest
from app import Store, show

@pytest.fixture
def item():
    return Store()

def test_show(item):
    show(item)
",
    );
}

const LAYER: &str = "#- awaitify.toml
[[blocking]]
class = 'store.Store'
#- store.py
class Store:
    def save(self, key):
        return key

    def load(self, key):
        return key
#- memory.py
class Memory:
    def save(self, key):
        return key
";

/// What is `None` where nobody gives it, and a layer's object where somebody does.
#[test]
fn an_optional_receiver_without_annotation_is_followed() {
    check_project(
        &(LAYER.to_owned()
            + "#- app.py
from store import Store

class Cache:
    def __init__(self, store=None):
        self.store = store

    async def run(self, key):
        pick = self.store.save if key else self.store.load
        return pick(key), self.store.save(key)

async def main():
    await Cache(Store()).run(1)
"),
        "#- app.py
import asyncio

from store import Store

class Cache:
    def __init__(self, store=None):
        self.store = store

    async def run(self, key):
        pick = self.store.save if key else self.store.load
        return await asyncio.to_thread(pick, key), await asyncio.to_thread(self.store.save, key)

async def main():
    await Cache(Store()).run(1)
",
    );
}

/// A thread takes what else gets there; an async method beside it, or something unknown, does not go to one.
#[test]
fn what_gets_there_beside_the_layer() {
    let app = |other: &str| {
        format!(
            "#- app.py\nfrom memory import Memory\nfrom store import Store\n\nclass Cache:\n    def __init__(self, store):\n        self.store = store\n\n    async def run(self):\n        return self.store.save(1)\n\nasync def main(thing):\n    await Cache(Store()).run()\n    await Cache({other}).run()\n"
        )
    };
    let moved = |project: &Project| {
        let run = check_round(project);
        run.text().contains("+        return await asyncio.to_thread(self.store.save, 1)")
    };
    assert!(moved(&Project::new(&format!("{LAYER}{}", app("Memory()")))));
    let of_unknown = Project::new(&format!("{LAYER}{}", app("thing")));
    assert!(!moved(&of_unknown));
    check_round(&of_unknown).says(&["annotate `self.store` at app.py:6 (Memory or Store): settles 1 site"]);
    let later = LAYER.replace("class Memory:\n    def", "class Memory:\n    async def");
    let of_async = Project::new(&format!("{later}{}", app("Memory()")));
    assert!(!moved(&of_async));
    check_round(&of_async).says(&["uncertain sites:"]);
}
