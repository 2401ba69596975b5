//! Names as strings, where they are looked up, and comments that say what a site calls.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use super::*;

/// `# awaitify: is pkg.mod.Class.method` or `# awaitify: not`: the user says what the sites of this line call.
#[derive(Debug)]
pub struct Statement {
    /// The line, without its end.
    pub line: TextRange,
    /// The qualified name; none for `not`.
    pub is: Option<String>,
}

/// A string where a name is looked up.
#[derive(Debug)]
pub struct Lookup {
    /// The last part of the dotted path.
    pub name: Name,
    /// The whole string.
    pub text: String,
    pub range: TextRange,
    pub call: CallId,
    pub context: ContextId,
}

/// Where a computed name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Object(ValueId),
    /// `globals()[name]`.
    Globals,
    /// `methodcaller(name)`: whatever it is given.
    Anything,
    /// `eval(code)`: the string is no name, but may name anything.
    Code,
}

/// A place that picks a member by a name that is computed: `getattr(self, f"do_{x}")`, `globals()[name]`.
#[derive(Debug)]
pub struct Pick {
    /// Whose member.
    pub holder: Holder,
    /// The name.
    pub name: ValueId,
    /// What is picked: the whole expression.
    pub value: ValueId,
    /// How many containers are around it there.
    pub depth: u32,
    pub range: TextRange,
    pub context: ContextId,
}
