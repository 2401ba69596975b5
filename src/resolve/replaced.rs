//! Entries with `replace`: what calling the function gives that takes the place of the blocking one.

use super::Gives;
use super::builder::Builder;
use crate::config::BlockingAction;
use crate::index::facts::*;
use crate::py::functions::{self, Callable, Signature};

/// Looks once at what replaces the calls of an entry. `site` is one of them: its file imports what takes its place.
pub(crate) fn look_up(builder: &mut Builder, number: usize, site: RefId) {
    let BlockingAction::Replace { function } = &builder.graph.entries[number].action else { return };
    if builder.graph.replacements.contains_key(&number) {
        return;
    }
    let anchor = &builder.project.file(site.file).path;
    let found = functions::find(builder.db, anchor, function);
    builder.graph.replacements.insert(number, found.map(|found| gives(&found)).unwrap_or_default());
}

/// Everything that can be done with what a call gives; nothing when the definition does not say.
fn gives(callable: &Callable) -> Vec<Gives> {
    match callable {
        Callable::Function(signature) => of_function(signature).into_iter().collect(),
        Callable::Class { methods } => {
            let dunders =
                [("__await__", Gives::Awaitable), ("__aiter__", Gives::Iterator), ("__aenter__", Gives::Manager)];
            let has = |name: &str| methods.iter().any(|method| method == name);
            dunders.into_iter().filter(|(name, _)| has(name)).map(|(_, gives)| gives).collect()
        }
    }
}

/// What calling a function gives, by its definition.
pub(crate) fn of_function(signature: &Signature) -> Option<Gives> {
    let returns = signature.returns.as_deref().unwrap_or_default();
    let iterates = matches!(returns, "AsyncIterator" | "AsyncIterable" | "AsyncGenerator" | "AsyncGeneratorType");
    let enters = matches!(
        returns,
        "AbstractAsyncContextManager" | "AsyncContextManager" | "_AsyncGeneratorContextManager" | "AsyncExitStack"
    );
    if signature.decorators.iter().any(|name| name == "asynccontextmanager") {
        Some(Gives::Manager)
    } else if signature.is_async && signature.is_generator {
        Some(Gives::Iterator)
    } else if signature.is_async {
        Some(if iterates || enters { Gives::AwaitedFirst } else { Gives::Awaitable })
    } else if iterates {
        Some(Gives::Iterator)
    } else {
        enters.then_some(Gives::Manager)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(is_async: bool, is_generator: bool, returns: Option<&str>) -> Option<Gives> {
        let returns = returns.map(str::to_owned);
        of_function(&Signature { is_async, is_generator, decorators: vec![], returns })
    }

    #[test]
    fn a_definition_says_what_a_call_gives() {
        assert_eq!(given(true, true, None), Some(Gives::Iterator));
        assert_eq!(given(true, false, Some("int")), Some(Gives::Awaitable));
        assert_eq!(given(true, false, Some("AsyncIterator")), Some(Gives::AwaitedFirst));
        assert_eq!(given(false, false, Some("AsyncIterator")), Some(Gives::Iterator));
        assert_eq!(given(false, false, Some("AbstractAsyncContextManager")), Some(Gives::Manager));
        assert_eq!(given(false, false, None), None);
    }

    #[test]
    fn a_class_gives_what_its_methods_are_for() {
        let methods = ["__aenter__", "__await__", "get"].map(str::to_owned).to_vec();
        assert_eq!(gives(&Callable::Class { methods }), [Gives::Awaitable, Gives::Manager]);
    }
}
