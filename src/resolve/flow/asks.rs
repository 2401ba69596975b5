//! What flow is asked for, and how long it may take.

/// Evaluations for one question after which what is not found out yet is unknown. Nearly all questions take less than a hundred.
const STEPS: usize = 50_000;

/// The same for all that is asked to doubt annotations: nothing unknown ends the search there.
const DOUBTS: usize = 10_000;

/// The same for all that is asked about tests.
const FAKES: usize = 100_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asks {
    /// All that a place may hold.
    #[default]
    Answers,
    /// The same, with what foreign functions give as [`super::object::Object::Made`].
    Made,
    /// What certainly arrives from the code.
    Doubts,
    /// What tests put there, with the ways that it takes.
    Fakes,
}

impl Asks {
    /// Is it all that a place may hold? Else, annotations of parameters and fields do not end the search, and nothing unknown counts.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Answers | Self::Made)
    }

    /// Evaluations after which what is not found out yet is unknown.
    pub(super) fn steps(self) -> usize {
        match self {
            Self::Answers | Self::Made => STEPS,
            Self::Doubts => DOUBTS,
            Self::Fakes => FAKES,
        }
    }
}
