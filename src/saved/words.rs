//! What the errors of a plan file say.

use std::fmt;

use super::PlanError;

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files =
            |f: &mut fmt::Formatter<'_>, files: &[String]| files.iter().try_for_each(|file| write!(f, "\n  `{file}`"));
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
            PlanError::Stale { files: stale } => {
                write!(f, "the plan is stale; make a new one with `awaitify diff --save`. Changed since:")?;
                files(f, stale)
            }
            PlanError::Outdated { files: differ } => {
                write!(
                    f,
                    "something that the plan rests on has changed (other files, the config, the packages), and it comes out \
                     differently now; make a new one with `awaitify diff --save`. Different are:"
                )?;
                files(f, differ)
            }
            PlanError::Twice { name } => write!(f, "the plan has `{name}` twice"),
            PlanError::Edited { id } => write!(
                f,
                "group `{id}` was edited by hand; whole groups can be deleted from a plan, but not parts of them"
            ),
        }
    }
}

impl std::error::Error for PlanError {}
