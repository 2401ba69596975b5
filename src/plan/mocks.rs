//! Stand-ins turned into actions.

use super::{Action, MockName, Plan};
use crate::color::tests::stand_in::{MockEdit, TextRangeKey};
use crate::color::{Verdicts, World};
use crate::index::facts::*;
use ruff_text_size::TextRange;

/// Plans the changes to mocks; those inside of tests that are left stay as they are.
pub(super) fn plan(world: World, verdicts: &Verdicts, plan: &mut Plan) {
    for (file, owner, edit) in &verdicts.tests.stand_ins.edits {
        let is_left = owner.is_some_and(|owner| verdicts.tests.left.contains_key(&owner));
        if !is_left && world.project.file(*file).editable {
            plan.entry(*file).or_default().push(action(world, *file, edit));
        }
    }
}

fn action(world: World, file: FileId, edit: &MockEdit) -> Action {
    let argument = |call: CallId, index: u32| world.index.call(call).args[index as usize].range;
    let mock = async_mock(world, file);
    match edit {
        MockEdit::Async { call } => {
            renamed(world, *call, world.index.call(*call).func_range, world.index.call(*call).func)
        }
        MockEdit::Name { call, index } => {
            let value = world.index.call(*call).args[*index as usize].value;
            renamed(world, *call, argument(*call, *index), value)
        }
        MockEdit::Attributes { call, names } => Action::MockAttributes {
            call: world.index.call(*call).range,
            mock: like(world, world.index.call(*call).func).unwrap_or(mock),
            names: names.iter().map(|(name, is_used)| (name.to_string(), *is_used)).collect(),
        },
        MockEdit::Result { call } => {
            let range = world.index.call(*call).range;
            Action::MockResult { call: range, mock: magic(world, world.index.call(*call).func, mock) }
        }
        MockEdit::Returned { call, names } => Action::MockReturned {
            call: world.index.call(*call).range,
            magic: magic(world, world.index.call(*call).func, mock.clone()),
            mock: like(world, world.index.call(*call).func).unwrap_or(mock),
            names: names.iter().map(|(name, is_used)| (name.to_string(), *is_used)).collect(),
        },
        MockEdit::Argument { call, index } => Action::AsyncFake { fake: argument(*call, *index), mock },
        MockEdit::Wrapped { fake } => Action::AsyncFake { fake: range(*fake), mock },
        MockEdit::Hoisted { fake } => Action::Hoist { lambda: range(*fake) },
        MockEdit::Assigned { target } => Action::AsyncFakeAssigned { target: range(*target), mock },
        MockEdit::Configured { target } => Action::MockConfigured { target: range(*target), mock },
    }
}

fn range((start, end): TextRangeKey) -> TextRange {
    TextRange::new(start.into(), end.into())
}

/// `Mock` to `AsyncMock`, in the form it has.
fn renamed(world: World, call: CallId, name: TextRange, value: ValueId) -> Action {
    match like(world, value).unwrap_or_else(|| async_mock(world, call.file)) {
        MockName::Imported(to) => Action::RenameImported { name, to },
        MockName::Spelled(to) => {
            let last = to.rsplit('.').next().unwrap_or(&to).to_owned();
            let old = world.names().last_name(value).map_or(0, str::len) as u32;
            Action::Rename {
                name: TextRange::new(name.end() - ruff_text_size::TextSize::new(old), name.end()),
                to: last,
            }
        }
    }
}

/// `AsyncMock` from where the mock that `value` names comes from.
fn like(world: World, value: ValueId) -> Option<MockName> {
    if let Value::Attribute { receiver, .. } = world.index.value(value)
        && let Value::Name { name, .. } = world.index.value(*receiver)
        && name.ends_with("mocker")
    {
        return Some(MockName::Spelled(format!("{name}.AsyncMock")));
    }
    let path = world.names().dotted(value)?;
    path.starts_with("mock.").then(|| MockName::Imported("mock.AsyncMock".into()))
}

/// `MagicMock` from where `AsyncMock` comes from. The function is `patch`, or `mocker.patch.object`.
fn magic(world: World, function: ValueId, mock: MockName) -> MockName {
    let mut root = function;
    while let Value::Attribute { receiver, .. } = world.index.value(root) {
        root = *receiver;
    }
    match (world.index.value(root), mock) {
        (Value::Name { name, .. }, _) if name.ends_with("mocker") => MockName::Spelled(format!("{name}.MagicMock")),
        (_, MockName::Imported(path)) => MockName::Imported(path.replace("AsyncMock", "MagicMock")),
        (_, spelled) => spelled,
    }
}

/// The standard library's, unless the file uses its backport.
fn async_mock(world: World, file: FileId) -> MockName {
    let is_backport = |import: &Import| import.level == 0 && import.module.as_deref() == Some("mock");
    let path = if world.index.file(file).imports.iter().any(is_backport) {
        "mock.AsyncMock"
    } else {
        "unittest.mock.AsyncMock"
    };
    MockName::Imported(path.into())
}
