//! What a value may be: abstract objects, sets of them, and the places of a program that hold such sets.

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use crate::index::facts::*;

/// A dotted path, interned in [`super::State`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Symbol(pub(crate) u32);

/// An abstract object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Object {
    /// Made by calling this class.
    Instance(ClassId),
    /// Of this class or a descendant: what an annotation or `self` says.
    Below(ClassId),
    Class(ClassId),
    ClassBelow(ClassId),
    /// `super()` in a method of this class.
    Super(ClassId),
    Func(FuncId),
    /// A call of an `async def` before it is awaited.
    Coroutine(FuncId),
    Generator(FuncId),
    Lambda(FuncId),
    Module(FileId),
    /// A folder of modules without a file of its own.
    Package(Symbol),
    /// A class, function or module from outside the project.
    External(Symbol),
    /// What calling a foreign class gives.
    ExternalInstance(Symbol),
    /// What a foreign object has under a name: its own, but nobody knows what.
    ExternalMember(Symbol),
    /// What nobody knows but ty, as an expression of what is imported: `psycopg.connect().cursor()`. Only where that is asked for.
    Made(Symbol),
    /// A class made by `namedtuple(...)`.
    RecordClass(CallId),
    /// Made by calling such a class: the call that made the class, and this one.
    Record(CallId, CallId),
    /// A literal, or a container.
    Builtin,
    /// Stands in for anything in a test.
    Mock,
    None,
    /// Anything. The last, so that a sorted set ends with it.
    Unknown,
}

impl Object {
    /// Defined in the project: a test's fake counts for the program, a test's literals do not.
    pub(crate) fn is_project(self) -> bool {
        match self {
            Self::Instance(_)
            | Self::Below(_)
            | Self::Class(_)
            | Self::ClassBelow(_)
            | Self::Super(_)
            | Self::Func(_)
            | Self::Coroutine(_)
            | Self::Generator(_)
            | Self::Module(_)
            | Self::Package(_)
            | Self::RecordClass(_)
            | Self::Record(..) => true,
            Self::Lambda(_)
            | Self::External(_)
            | Self::ExternalInstance(_)
            | Self::ExternalMember(_)
            | Self::Made(_)
            | Self::Builtin
            | Self::Mock
            | Self::None
            | Self::Unknown => false,
        }
    }
}

/// Where a member of a set was written.
pub(crate) type Place = (FileId, TextRange);

/// More members than this count as unknown.
const LIMIT: usize = 16;

/// A set of objects, each with the place that wrote it first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    /// Sorted by object.
    members: Vec<(Object, Option<Place>)>,
    is_wide: bool,
}

impl Set {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Object, Option<Place>)> {
        self.members.iter().copied()
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = Object> {
        self.members.iter().map(|(object, _)| *object)
    }

    pub(crate) fn has_unknown(&self) -> bool {
        self.members.last().is_some_and(|(object, _)| *object == Object::Unknown)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns whether the set grew.
    pub(crate) fn insert(&mut self, object: Object, place: Option<Place>) -> bool {
        if self.is_wide {
            return false;
        }
        match self.members.binary_search_by_key(&object, |(object, _)| *object) {
            Ok(_) => false,
            Err(at) => {
                self.members.insert(at, (object, place));
                if self.members.len() > LIMIT {
                    self.is_wide = true;
                    self.members = vec![(Object::Unknown, place)];
                }
                true
            }
        }
    }
}

/// A step into a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Selector {
    /// An element met by iteration.
    Element,
    /// The n-th part.
    Index(u32),
    /// `x["key"]`.
    Key(Name),
    /// `x[k]`.
    Item,
    /// A value of a mapping.
    Value,
}

/// Steps into nested containers, outermost first.
pub(crate) type Path = Vec<Selector>;

/// Whose attribute it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// An object of exactly this class.
    Exactly(ClassId),
    /// An object of this class or a descendant.
    Below(ClassId),
    /// An object from outside the project.
    Foreign,
    /// Nobody knows.
    Anything,
}

/// What has a container under a name: a scope, or an object as its attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HeldBy {
    Scope(ScopeId),
    Object(Owner),
}

/// What holds a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Value(ValueId),
    /// A name in the scope that binds it (or in one from which it is looked up).
    Name(ScopeId, Name),
    /// The attribute of whatever the value is.
    Member(ValueId, Name),
    /// Everything written to an attribute of that name.
    Attribute(Name, Owner),
    /// A parameter, by position in the list of parameters.
    Param(FuncId, u32),
    /// A field of a dataclass-like class, through its constructor's arguments.
    Field(ClassId, Name),
    Return(FuncId),
    /// What a method returns when it is called on an object of this owner.
    ReturnOn(FuncId, Owner),
    Yield(FuncId),
    /// What functions put into a container of that name that they are given.
    Passed(HeldBy, Name),
}
