//! Which file an import finds.

use super::{EXACT, check};

#[test]
fn a_folder_without_init_is_a_namespace_package() {
    check(
        "#- acme/store/build.py
from stores import Store
def build():
    return Store()
#- acme/app/run.py
from acme.store.build import build
from ..store import build as nearby
def run():
    build().load(1)  # here
    nearby.build().load(1)  # here
",
        &[EXACT; 2].join("\n"),
    );
}

#[test]
fn a_package_hides_the_module_of_its_name() {
    check(
        "#- app/made.py
from stores import Other
def make():
    return Other()
#- app/made/__init__.py
from stores import Store
def make():
    return Store()
#- app/__init__.py
#- main.py
from app import made
def run():
    made.make().load(1)  # here
",
        EXACT,
    );
}

#[test]
fn of_two_modules_of_one_name_the_one_beside_counts() {
    check(
        "#- one/tools.py
from stores import Store
def make():
    return Store()
#- one/main.py
import tools
def run():
    tools.make().load(1)  # here
#- two/tools.py
from stores import Other
def make():
    return Other()
#- two/main.py
import tools
def run():
    tools.make().load(1)  # here
",
        &format!("{EXACT}\nforeign"),
    );
}

#[test]
fn a_module_is_loaded_by_its_path() {
    check(
        "#- app/__init__.py
#- app/made.py
from stores import Store
def make():
    return Store()
#- app/made/__init__.py
import importlib.util
import os
path = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'made.py')
spec = importlib.util.spec_from_file_location('app._made', path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
make = module.make
#- main.py
from app.made import make
def run():
    make().load(1)  # here
",
        EXACT,
    );
}

#[test]
fn a_module_is_imported_by_its_name() {
    check(
        "#- plugins/__init__.py
#- plugins/one.py
from stores import Store
def make():
    return Store()
#- plugins/two.py
def make():
    return 1
#- main.py
import importlib
def run(name):
    importlib.import_module('plugins.one').make().load(1)  # here
    importlib.import_module(f'plugins.{name}').make().load(1)  # here
",
        &[EXACT; 2].join("\n"),
    );
}
