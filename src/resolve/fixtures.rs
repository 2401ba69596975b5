//! pytest's fixtures: which functions are fixtures, and which one a parameter asks for. And what else a test puts in the
//! place of the code.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::builder::Builder;
use super::names::{Meaning, Names};
use crate::index::Index;
use crate::index::facts::*;
use crate::project::Project;

/// Paths that make a fixture, as imports and as inference spell them.
const FIXTURE: [&str; 6] = [
    "pytest.fixture",
    "_pytest.fixtures.fixture",
    "pytest.yield_fixture",
    "pytest_asyncio.fixture",
    "pytest_asyncio.plugin.fixture",
    "pytest_twisted.fixture",
];

/// The decorator that makes a function a fixture.
#[derive(Clone, Copy, Debug)]
pub struct FixtureDecorator {
    /// The name in it, without the arguments.
    pub range: TextRange,
    /// `@fixture(...)`: the call.
    pub call: Option<CallId>,
    pub is_asyncio: bool,
}

/// All fixtures of the loaded test files, by the name that asks for them.
#[derive(Debug, Default)]
pub struct Fixtures {
    by_name: BTreeMap<Name, Vec<FuncId>>,
}

impl Fixtures {
    /// All fixtures, in file order for each name.
    pub fn all(&self) -> impl Iterator<Item = (&Name, FuncId)> {
        self.by_name.iter().flat_map(|(name, funcs)| funcs.iter().map(move |func| (name, *func)))
    }

    /// The fixture that a parameter of `func` asks for: of the class, of the module, of the nearest `conftest.py`, else the
    /// only one of that name.
    pub fn requested(&self, project: &Project, index: &Index, func: FuncId, name: &str) -> Option<FuncId> {
        let found: Vec<FuncId> = self.by_name.get(name)?.iter().copied().filter(|fixture| *fixture != func).collect();
        let own = index.func(func);
        let in_class = |fixture: &&FuncId| own.class.is_some() && index.func(**fixture).class == own.class;
        let in_module = |fixture: &&FuncId| fixture.file == func.file && index.func(**fixture).class.is_none();
        found
            .iter()
            .find(in_class)
            .or_else(|| found.iter().rfind(in_module))
            .or_else(|| {
                let distance = |fixture: &&FuncId| conftest_distance(project, func.file, fixture.file);
                found.iter().filter(|fixture| distance(fixture).is_some()).min_by_key(distance)
            })
            .or(if found.len() == 1 { found.first() } else { None })
            .copied()
    }
}

/// How many folders a `conftest.py` stands above a file; none when it does not.
pub(crate) fn conftest_distance(project: &Project, file: FileId, conftest: FileId) -> Option<usize> {
    let above =
        project.file(conftest).path.parent().filter(|_| project.file(conftest).relative.ends_with("conftest.py"))?;
    project.file(file).path.parent()?.ancestors().position(|folder| folder == above)
}

/// The decorator that makes `func` a fixture of the tests.
pub fn decorator(names: &Names, func: FuncId) -> Option<FixtureDecorator> {
    if !names.project.file(func.file).is_test {
        return None;
    }
    any_decorator(names, func)
}

/// The same, also where a module with fixtures stands with the code: for tests that load it, or for those of other packages.
pub fn any_decorator(names: &Names, func: FuncId) -> Option<FixtureDecorator> {
    names.index.func(func).decorators.iter().find_map(|decorator| {
        let path = names.dotted(decorator.value)?;
        let (range, call) = match names.index.value(decorator.value) {
            Value::Call { call } => (names.index.call(*call).func_range, Some(*call)),
            _ => (decorator.range, None),
        };
        FIXTURE.contains(&path.as_str()).then(|| FixtureDecorator {
            range,
            call,
            is_asyncio: path.starts_with("pytest_asyncio"),
        })
    })
}

pub(crate) fn is_fixture(builder: &Builder, func: FuncId) -> bool {
    decorator(&builder.names(), func).is_some()
}

/// Is the expression a parameter of a test that asks for a fixture of a plugin, such as `requests_mock`? Nothing in the project
/// has that name, so it is none of its objects. (Factories register fixtures by the names of what they make.)
pub(crate) fn is_of_plugin(builder: &Builder, value: ValueId) -> bool {
    let Value::Name { name, .. } = builder.index.value(value) else { return false };
    let names = builder.names();
    let [Meaning::Param { func, index }] = names.evaluate(value)[..] else { return false };
    let facts = builder.index.func(func);
    let is_asked = builder.in_tests(func.file)
        && (facts.name.starts_with("test") && facts.parent.is_none() || is_fixture(builder, func));
    let is_first = index == 0 && facts.class.is_some();
    let is_marker = |decorator: &Decorator| {
        names.dotted(decorator.value).is_some_and(|path| path.starts_with("pytest."))
            && super::boundary::decorator_name(builder.index, decorator) != Some("parametrize")
    };
    let is_unittest = facts.class.is_some_and(|class| !builder.index.class(class).bases.is_empty());
    is_asked
        && !is_first
        && !is_unittest
        && facts.params[index as usize].default.is_none()
        && facts.decorators.iter().all(is_marker)
        && builder.index.funcs_of(name).is_empty()
        && !builder.index.loaded_files().any(|(_, facts)| facts.lookups.iter().any(|lookup| lookup.name == *name))
        && builder.index.words.files("pytest_factoryboy").len() == 0
}

/// The name that asks for a fixture: `@fixture(name="app")`, else its own.
pub(crate) fn exposed_name(names: &Names, func: FuncId, decorator: FixtureDecorator) -> Name {
    let given = decorator.call.and_then(|call| {
        let argument = names.index.call(call).args.iter().find(|arg| arg.keyword.as_deref() == Some("name"))?;
        match names.index.value(argument.value) {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    });
    given.unwrap_or_else(|| names.index.func(func).name.clone())
}

/// Registers the fixtures of the tests, when one of them leads to a blocking call, and loads what asks for it.
pub(crate) fn load(builder: &mut Builder) {
    if builder.graph.nodes.iter().any(|func| builder.in_tests(func.file)) {
        register(builder);
    }
}

/// Registers the fixtures of the tests, and loads what asks for one that leads to a blocking call.
pub(crate) fn register(builder: &mut Builder) {
    if !builder.graph.fixtures.by_name.is_empty() {
        return;
    }
    let wanted: Vec<FileId> = builder.index.words.files("fixture").filter(|file| builder.in_tests(*file)).collect();
    builder.index.load(builder.project, &wanted);
    for file in wanted.into_iter().filter(|file| builder.index.loaded(*file).is_some()) {
        for index in 0..builder.index.file(file).funcs.len() as u32 {
            let func = FuncId { file, index };
            let names = builder.names();
            let Some(decorator) = decorator(&names, func) else { continue };
            let name = exposed_name(&names, func, decorator);
            builder.graph.fixtures.by_name.entry(name).or_default().push(func);
        }
    }
    let nodes = &builder.graph.nodes;
    let blocking =
        builder.graph.fixtures.by_name.iter().filter(|(_, funcs)| funcs.iter().any(|func| nodes.contains(func)));
    let names: Vec<Name> = blocking.map(|(name, _)| name.clone()).collect();
    builder.index.load_words(builder.project, names.iter().map(Name::as_str));
}

/// A method of a test class that bears a name of the code may stand in for it, and so may a function that a test puts
/// there: they can have to convert, and their calls are sites.
pub(crate) fn add_stand_ins(builder: &mut Builder, names: &BTreeSet<Name>) {
    let mut found = BTreeSet::new();
    for name in names {
        let methods = builder.index.funcs_of(name).iter().copied();
        found.extend(methods.filter(|func| builder.in_tests(func.file) && builder.index.func(*func).class.is_some()));
        for &(file, index) in builder.index.writes_of(name) {
            let write = &builder.index.file(file).attribute_writes[index as usize];
            if builder.in_tests(file) {
                found.extend(write.value.and_then(|value| test_function(builder, value)));
            }
        }
        for &(file, index) in builder.index.lookups_of(name) {
            let lookup = &builder.index.file(file).lookups[index as usize];
            if builder.in_tests(file) {
                let arguments = &builder.index.call(lookup.call).args;
                found.extend(arguments.iter().filter_map(|argument| test_function(builder, argument.value)));
            }
        }
        for file in builder.index.words.files(name) {
            let Some(facts) = builder.index.loaded(file).filter(|_| builder.in_tests(file)) else { continue };
            let keywords = facts.calls.iter().flat_map(|call| &call.args);
            let named = keywords.filter(|argument| argument.keyword.as_ref() == Some(name));
            found.extend(named.filter_map(|argument| test_function(builder, argument.value)));
        }
    }
    for func in found {
        builder.add_node(func);
    }
}

/// The function of a test that an expression names.
fn test_function(builder: &Builder, value: ValueId) -> Option<FuncId> {
    let Value::Name { .. } = builder.index.value(value) else { return None };
    match builder.names().evaluate(value).as_slice() {
        [Meaning::Func(func)] if builder.in_tests(func.file) => Some(*func),
        _ => None,
    }
}
