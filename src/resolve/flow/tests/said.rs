//! What the user says.

use super::check;

#[test]
fn a_comment_names_the_target() {
    check(
        "#- app.py
def run(store):
    return store.load(1)  # awaitify: is stores.Store.load  # here
",
        "stores.Store.load [stated]",
    );
}

#[test]
fn a_comment_says_that_it_is_something_else() {
    check(
        "#- app.py
def run(store):
    return store.load(1)  # awaitify: not  # here
",
        "foreign",
    );
}

#[test]
fn the_config_settles_a_line() {
    check(
        "#- awaitify.toml
codemods = [\"./c.toml\"]
settled = [{ site = \"app.py:2\", is = \"stores.Store.load\" }]
#- app.py
def run(store):
    return store.load(1)  # here
",
        "stores.Store.load [stated]",
    );
}
