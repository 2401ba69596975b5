//! Proofs that a site is something else, and what must not count as one.

use super::check;

#[test]
fn a_data_attribute_of_a_namespace_is_foreign() {
    check(
        "#- app.py
from types import SimpleNamespace
def run(player):
    return player.load  # here
run(SimpleNamespace(load=False))
",
        "foreign",
    );
}

#[test]
fn an_object_that_lacks_the_member_proves_nothing() {
    check(
        "#- app.py
class Thing: pass
def run(x):
    return x.load(1)  # here
run(Thing())
run('text')
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn getattr_of_the_class_may_have_anything() {
    check(
        "#- app.py
class Proxy:
    def __init__(self, target):
        self.target = target
    def __getattr__(self, name):
        return getattr(self.target, name)
def run(x):
    return x.load(1)  # here
run(Proxy(1))
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_foreign_class_beside_ours_is_uncertain() {
    check(
        "#- app.py
from thirdparty import Cache
from stores import Store
def run(x):
    return x.load(1)  # here
run(Store())
run(Cache())
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_foreign_class_alone_is_foreign() {
    check(
        "#- app.py
from thirdparty import Cache
def run(x):
    return x.load(1)  # here
run(Cache())
",
        "foreign",
    );
}

#[test]
fn what_a_foreign_function_returns_is_unknown() {
    check(
        "#- app.py
from thirdparty import lookup
def run(x):
    return x.load(1)  # here
run(lookup('store'))
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_mock_in_a_test_does_not_hold_the_program_back() {
    check(
        "#- app.py
from stores import Store
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
Service(Store())
#- test_app.py
from unittest.mock import MagicMock
from app import Service
def test_it():
    Service(MagicMock()).run()
    Service(None).run()
",
        super::EXACT,
    );
}

#[test]
fn a_mock_alone_proves_nothing() {
    check(
        "#- app.py
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
#- test_app.py
from unittest.mock import MagicMock
from app import Service
def test_it():
    Service(MagicMock()).run()
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_fake_of_a_test_is_a_target_too() {
    check(
        "#- app.py
from stores import Store
class Service:
    def __init__(self, store):
        self.store = store
    def run(self):
        return self.store.load(1)  # here
Service(Store())
#- test_app.py
from app import Service
class Fake:
    def load(self, key):
        return 1
def test_it():
    Service(Fake()).run()
",
        "stores.Store.load | test_app.Fake.load [flow]",
    );
}

#[test]
fn more_than_sixteen_kinds_are_unknown() {
    let mut fixture = String::from("#- app.py\n");
    for at in 0..20 {
        fixture += &format!("class C{at}:\n    def load(self, key): return {at}\n");
    }
    fixture += "def run(x):\n    return x.load(1)  # here\n";
    for at in 0..20 {
        fixture += &format!("run(C{at}())\n");
    }
    check(&fixture, "stores.Store.load [uncertain]");
}

#[test]
fn attributes_of_unknown_objects_hold_what_is_written_by_name() {
    check(
        "#- app.py
from stores import Store
def setup(request):
    request.app.state.row_store = Store()
#- main.py
async def handler(request):
    return request.app.state.row_store.load(1)  # here
",
        super::EXACT,
    );
}

#[test]
fn code_that_writes_an_unknown_value_makes_it_unknown() {
    check(
        "#- app.py
from stores import Other
def setup(request, thing):
    request.state.row_store = Other()
    request.state.row_store = thing
#- main.py
async def handler(request):
    return request.state.row_store.load(1)  # here
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn a_framework_base_class_may_call_with_anything() {
    check(
        "#- app.py
from framework import View
from stores import Other
class Page(View):
    def handle(self, thing):
        return thing.load(1)  # here
Page().handle(Other())
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn an_added_list_is_not_a_plain_builtin() {
    check(
        "#- app.py
from stores import Store, Other
A = [Other()]
def main(extra):
    for thing in A + extra:
        thing.load(1)  # here
",
        "stores.Store.load [uncertain]",
    );
}

#[test]
fn what_plain_library_modules_return_is_foreign() {
    check(
        "#- app.py
import json
def run(text):
    data = json.loads(text)
    use(data['store'])
def use(x):
    x.load(1)  # here
",
        "foreign",
    );
}

#[test]
fn arguments_that_do_not_fit_rule_a_candidate_out() {
    check(
        "#- app.py
def run(x):
    x.load()  # here
    x.load(1, 2)  # here
    x.load(key=1)  # here
",
        "foreign\nforeign\nstores.Store.load [uncertain]",
    );
}

const ROWS: &str = "#- rows.py
class Rows:
    def get(self, key):
        return db.get(key)
";

#[test]
fn what_the_text_says_is_builtin_is_foreign() {
    let app = "#- app.py
from typing import Any, Optional
Config = dict[str, Any]
def run(config: Config, other: 'dict', maybe: Optional[Config] = None, **options):
    config.get(1)  # here
    maybe.get(1)  # here
    options.get(1)  # here
    table = {'a': 1}
    if config:
        table = {}
    table.get(1)  # here
    {'a': 1}.get('a')  # here
";
    check(&format!("{ROWS}{app}"), &["foreign"; 5].join("\n"));
}

#[test]
fn a_name_that_may_be_something_else_is_not_taken_for_a_builtin() {
    let app = "#- app.py
from rows import Rows
def bound_again(rows):
    table = {}
    if rows:
        table = Rows()
        table.get(1)  # here
def bound_inside():
    table = {}
    def change():
        nonlocal table
        table = Rows()
    change()
    return table.get(1)  # here
def tested(table: dict | Rows):
    if isinstance(table, Rows):
        table.get(1)  # here
";
    check(&format!("{ROWS}{app}"), &["rows.Rows.get [type]"; 3].join("\n"));
}

#[test]
fn what_an_annotation_says_of_an_attribute_is_builtin() {
    let rows = "#- rows.py
class Rows(dict):
    def get(self, key):
        return db.get(key)
";
    let app = "#- app.py
from typing import Any
from rows import Rows
class Entry:
    data: dict[str, Any]
class Flow:
    entry: Entry
    seen: dict[str, Any]
    def run(self):
        self.entry.data.get(1)  # here
        self.seen.get(1)  # here
TABLE = {'a': 1}
def run(entry: Entry):
    entry.data.get(1)  # here
    TABLE.get(1)  # here
    dict(entry.data).get(1)  # here
";
    check(&format!("{rows}{app}"), &["foreign"; 5].join("\n"));
    let other = "#- app.py
from typing import Any
from rows import Rows
class Entry:
    data: dict[str, Any]
class Below(Entry):
    data: Any
def written(entry: Entry):
    entry.data = Rows()
    entry.data.get(1)  # here
def below(entry: Below):
    entry.data.get(1)  # here
def tested(entry: Entry):
    if isinstance(entry, Below):
        entry.data.get(1)  # here
";
    let expected = "rows.Rows.get [type]\nrows.Rows.get [flow]\nrows.Rows.get [flow]";
    check(&format!("{rows}{other}"), expected);
}

#[test]
fn what_types_know_nothing_of_is_left_to_flow() {
    check(
        "#- app.py
import nowhere
from stores import Other, Store
class Given:
    def __init__(self, store, name):
        self.store = store
    def run(self):
        self.store.load(1)  # here
class Said(Given):
    store: Store
    def again(self):
        self.store.load(1)  # here
class Bound(Given):
    def bind(self):
        self.store = Store()
    def again(self):
        self.store.load(1)  # here
def start(store, other):
    Given(store, 1).run()
    store.own = Other()
    store.own.load(1)  # here
    other.own.load(1)  # here
    nowhere.connect(store).load(1)  # here
    for one in other:
        one.load(1)  # here
    if isinstance(other, Other):
        other.load(1)  # here
start(Store(), nowhere)
",
        "stores.Store.load [flow]
stores.Store.load [type]
stores.Store.load [type]
foreign
foreign
stores.Store.load [uncertain]
foreign
stores.Store.load [uncertain]",
    );
}

#[test]
fn what_our_classes_write_to_themselves_is_not_in_an_object_of_a_foreign_class() {
    let program = |annotation: &str| {
        format!(
            "#- app.py
from typing import Any, Optional
from web import Request
from stores import Store
class App:
    def __init__(self):
        self.store = Store()
def run(request: {annotation}):
    return request.store.load(1)  # here
"
        )
    };
    check(&program("Request"), "stores.Store.load [uncertain]");
    check(&program("Optional[Request]"), "stores.Store.load [uncertain]");
    check(&program("Any"), "stores.Store.load [flow]");
}

#[test]
fn what_is_written_to_objects_of_foreign_classes_is_in_them() {
    check(
        "#- app.py
from web import Request
from stores import Store
def begin(request: Request):
    request.store = Store()
def run(request: Request):
    return request.store.load(1)  # here
",
        "stores.Store.load [flow]",
    );
}
