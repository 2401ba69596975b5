//! What the errors of a plan file say.

use std::fmt;

use super::PlanError;

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::Io(failure) => failure.fmt(f),
            PlanError::Malformed { path, line, reason } => write!(f, "{}:{line}: not a plan: {reason}", path.display()),
            PlanError::Version { path, version } => {
                write!(f, "`{}` has version {version}; a newer awaitify wrote it, use that one", path.display())
            }
            PlanError::OtherRoot { plan, here } => {
                write!(f, "the plan was made in `{}`, this is `{}`", plan.display(), here.display())
            }
            PlanError::BadPath { file, reason } => write!(f, "the plan names `{file}`, which {reason}"),
            PlanError::Stale { files } => {
                write!(f, "the plan is stale; make a new one with `awaitify diff --save`. Changed since:")?;
                files.iter().try_for_each(|file| write!(f, "\n  `{file}`"))
            }
            PlanError::Twice { name } => write!(f, "the plan has `{name}` twice"),
            PlanError::BadEdit { group, file, start, end } => {
                write!(
                    f,
                    "group `{group}` edits bytes {start} to {end} of `{file}`, which the plan's file does not have"
                )
            }
            PlanError::Overlap { file, first, second, offset } => {
                write!(f, "groups `{first}` and `{second}` both edit `{file}` at byte {offset}")
            }
            PlanError::UnknownGroup { id, nearest: Some(nearest) } => {
                write!(f, "the plan has no group `{id}`; did you mean `{nearest}`?")
            }
            PlanError::UnknownGroup { id, nearest: None } => write!(f, "the plan has no group `{id}`"),
            PlanError::Needs(left_out) => {
                write!(f, "group `{}` needs `{}`, which is not in the plan any more", left_out.id, left_out.needs)
            }
        }
    }
}

impl std::error::Error for PlanError {}
