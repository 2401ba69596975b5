//! Commands of click and typer: functions that are called where no loop runs, by an object in their place.

use super::names::{Meaning, Names};
use crate::config::{Config, builtin};
use crate::index::facts::*;

/// Decorators are looked through this far: a command of a group of a group.
const DEPTH: usize = 6;

/// Classes whose objects run commands when they are called.
const APPS: [&str; 3] = ["typer.Typer", "typer.main.Typer", "cyclopts.App"];

/// Is it decorated as a command, of a group that is itself one?
pub fn is_command(names: Names, config: &Config, func: FuncId) -> bool {
    is_decorated(names, config, func, DEPTH)
}

fn is_decorated(names: Names, config: &Config, func: FuncId, fuel: usize) -> bool {
    let Some(fuel) = fuel.checked_sub(1) else { return false };
    names.index.func(func).decorators.iter().any(|decorator| {
        let value = names.index.callee(decorator.value);
        let is_pattern = |path: String| {
            let mut own = config.codemods.iter().filter_map(|codemod| codemod.commands.as_ref());
            own.any(|patterns| patterns.matches(&path)) || builtin::commands().any(|patterns| patterns.matches(&path))
        };
        if names.dotted(value).is_some_and(is_pattern) {
            return true;
        }
        // `@group.command()`, where `group` is a function under `@click.group()`.
        let Value::Attribute { receiver, name } = names.index.value(value) else { return false };
        let of_group = || match names.evaluate(*receiver).as_slice() {
            [Meaning::Func(group)] => is_decorated(names, config, *group, fuel),
            _ => false,
        };
        matches!(name.as_str(), "command" | "group" | "result_callback") && of_group()
    })
}

/// Packages whose decorators leave the function of a command as it is, or run it where no loop runs.
const PACKAGES: [&str; 6] = ["click", "typer", "cyclopts", "rich_click", "functools", "flask"];

/// Does another package decorate the command? Nobody knows whether it runs it in a loop.
pub fn is_wrapped_outside(names: Names, func: FuncId) -> bool {
    names.index.func(func).decorators.iter().any(|decorator| {
        let value = names.index.callee(decorator.value);
        let meanings = names.evaluate(value);
        meanings.iter().any(|meaning| {
            matches!(meaning, Meaning::External(path) if !path.split('.').next().is_some_and(|top| PACKAGES.contains(&top)))
        })
    })
}

/// Does the call run a command, or all of an app: `cli()`, `show.main()`, `context.invoke(show)`, `app()`?
pub(super) fn is_run(names: Names, config: &Config, call: &Call) -> bool {
    let is_command = |meaning: &Meaning| matches!(meaning, Meaning::Func(func) if is_command(names, config, *func));
    let named = match names.index.value(call.func) {
        Value::Attribute { receiver, name } if matches!(name.as_str(), "main" | "callback") => Some(*receiver),
        Value::Attribute { name, .. } if matches!(name.as_str(), "invoke" | "forward") => {
            call.args.first().map(|arg| arg.value)
        }
        Value::Attribute { .. } => Some(call.func),
        _ => {
            let meanings = names.evaluate(call.func);
            return meanings.iter().any(|meaning| is_command(meaning) || is_app(names, meaning));
        }
    };
    named.is_some_and(|named| names.evaluate(named).iter().any(is_command))
}

fn is_app(names: Names, meaning: &Meaning) -> bool {
    let Meaning::Value(value) = meaning else { return false };
    let Value::Call { call } = names.index.value(*value) else { return false };
    names.dotted(names.index.call(*call).func).is_some_and(|path| APPS.contains(&path.as_str()))
}
