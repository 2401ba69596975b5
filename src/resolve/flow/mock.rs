//! Mocks that are made after something of the project: `MagicMock(spec=Store)`, `create_autospec(load)`. Their methods are
//! coroutine functions where those of the original are (`unittest.mock`, since Python 3.8).

use super::object::{Node, Object, Path};
use super::solver::Solver;
use crate::index::facts::*;
use crate::resolve::Builder;

/// Keywords that say what a mock is made after.
pub(crate) const SPECS: [&str; 3] = ["spec", "spec_set", "autospec"];

/// Fixtures of pytest-mock, for the scopes that fixtures have.
const MOCKERS: [&str; 5] = ["mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"];

/// The class of what a fixture of that name gives when no test of the project defines it.
pub(super) fn known_fixture(name: &str) -> Option<&'static str> {
    MOCKERS.contains(&name).then_some("pytest_mock.MockerFixture")
}

/// The functions of the project that a site names by what its receiver, a mock by its type, is made after.
pub(super) fn made_after(builder: &mut Builder, id: RefId) -> Vec<FuncId> {
    let site = builder.index.site(id);
    let (Some(receiver), name) = (site.receiver, site.name.clone()) else { return vec![] };
    let mut solver = builder.solver();
    let mut funcs = vec![];
    for value in solver.written_here(receiver) {
        let set = solver.solve(Node::Member(value, name.clone()), vec![]);
        funcs.extend(set.objects().filter_map(|object| match object {
            Object::Func(func) => Some(func),
            _ => None,
        }));
    }
    funcs.sort_unstable();
    funcs.dedup();
    funcs
}

impl Solver<'_> {
    /// What the class itself writes to an attribute of `self`, and no one else; any other expression as it is.
    fn written_here(&mut self, value: ValueId) -> Vec<ValueId> {
        let Value::Attribute { receiver, name } = self.index.value(value).clone() else { return vec![value] };
        let Some((class, _)) = self.self_class(receiver) else { return vec![value] };
        let cohort = self.cohort(class);
        let writes = self.index.writes_of(&name).to_vec();
        let writes = writes.into_iter().map(|(file, at)| &self.index.file(file).attribute_writes[at as usize]);
        let own = writes.filter(|write| self.self_class(write.receiver).is_some_and(|(own, _)| cohort.contains(&own)));
        own.filter_map(|write| write.value).collect()
    }

    /// What a call of `unittest.mock` gives: a mock, and what it is made after. `maker` is the last name of the callee.
    pub(super) fn mock_result(&mut self, maker: &str, call: CallId, path: &Path) {
        self.push(Object::Mock, None);
        let is_autospec = maker == "create_autospec";
        if !path.is_empty() || !is_autospec && !maker.ends_with("Mock") {
            return;
        }
        let args = &self.index.call(call).args;
        let is_spec = |arg: &&Arg| arg.keyword.as_deref().is_some_and(|keyword| SPECS.contains(&keyword));
        let keyword = args.iter().find(is_spec).map(|arg| arg.value);
        let gives_object = !is_autospec || args.iter().any(|arg| arg.keyword.as_deref() == Some("instance"));
        let Some(spec) = keyword.or_else(|| self.arg(call, 0)) else { return };
        for (object, place) in self.read_value(spec).iter() {
            match object {
                Object::Class(class) | Object::ClassBelow(class) if gives_object => {
                    self.push(Object::Below(class), place);
                }
                Object::Instance(class) | Object::Below(class) => self.push(Object::Below(class), place),
                Object::Class(_) | Object::Func(_) if is_autospec => self.push(object, place),
                _ => {}
            }
        }
    }
}
