//! The words of `offload`.

use std::fmt;
use std::str::FromStr;

use super::OffloadVia;
use super::reader::suggestion;
use ruff_python_stdlib::identifiers::is_identifier;

/// The carriers that are known by name, as they are written.
const CARRIERS: [(&str, OffloadVia); 4] = [
    ("asyncio", OffloadVia::Asyncio),
    ("anyio", OffloadVia::Anyio),
    ("starlette", OffloadVia::Starlette),
    ("asgiref", OffloadVia::Asgiref),
];

impl FromStr for OffloadVia {
    type Err = String;

    /// Reads a carrier's name, or `pkg.mod:function` for the user's own wrapper. The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, via)) = CARRIERS.iter().find(|(name, _)| *name == text) {
            return Ok(via.clone());
        }
        match text.split_once(':') {
            Some((module, function)) if module.split('.').all(is_identifier) && is_identifier(function) => {
                Ok(Self::Custom { module: module.to_owned(), function: function.to_owned() })
            }
            _ => {
                let names = CARRIERS.iter().map(|(name, _)| *name);
                let hint = suggestion(text, names, "write your own `pkg.mod:function` or one of");
                Err(format!("unknown carrier `{text}`{hint}"))
            }
        }
    }
}

impl OffloadVia {
    /// The dotted path of the user's own wrapper; none for the others.
    pub fn own_path(&self) -> Option<String> {
        match self {
            Self::Custom { module, function } => Some(format!("{module}.{function}")),
            Self::Here { .. } | Self::Asyncio | Self::Anyio | Self::Starlette | Self::Asgiref => None,
        }
    }

    /// What carries a call in this module.
    pub fn in_module(&self, name: &str) -> Self {
        match self {
            Self::Custom { module, function } if module == name => Self::Here { function: function.clone() },
            via => via.clone(),
        }
    }
}

/// As it is written.
impl fmt::Display for OffloadVia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom { module, function } => write!(f, "{module}:{function}"),
            Self::Here { function } => f.write_str(function),
            known => {
                let name = CARRIERS.iter().find(|(_, via)| via == known).map(|(name, _)| *name);
                f.write_str(name.expect("all but the user's own are in the table"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_of_the_users_own_is_module_and_function() {
        let via = OffloadVia::Custom { module: "app.threads".to_owned(), function: "run".to_owned() };
        assert_eq!("app.threads:run".parse(), Ok(via));
        assert_eq!("anyio".parse(), Ok(OffloadVia::Anyio));
    }

    #[test]
    fn an_unknown_carrier_names_the_nearest() {
        let error = |text: &str| text.parse::<OffloadVia>().unwrap_err();
        assert_eq!(error("asincio"), "unknown carrier `asincio`; did you mean `asyncio`?");
        assert_eq!(
            error("pkg.mod.function"),
            "unknown carrier `pkg.mod.function`; write your own `pkg.mod:function` or one of `asyncio`, `anyio`, \
             `starlette`, `asgiref`"
        );
    }
}
