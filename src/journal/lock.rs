//! One writer at a time in a root. The lock belongs to the open file, so the kernel drops it with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Failure, UndoError, WriteError};

/// How long a second run waits for the first before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Held until dropped.
pub(crate) struct Lock {
    _file: File,
}

/// Why there is no lock.
pub(crate) enum LockError {
    Busy { holder: Option<u32> },
    Failed(Failure),
}

/// Takes the lock in the folder `place`, waiting a little for another run to finish.
pub(crate) fn acquire(place: &Path) -> Result<Lock, LockError> {
    acquire_within(place, PATIENCE)
}

pub(crate) fn acquire_within(place: &Path, patience: Duration) -> Result<Lock, LockError> {
    let path = place.join("lock");
    let failed = |action, error| LockError::Failed(Failure::new(action, &path, error));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| failed("open", error))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Err(LockError::Busy { holder: read_holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", error)),
        }
    }
    // The process id only serves the other run's message. A disk that is full is found out later, with a better one.
    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    Ok(Lock { _file: file })
}

fn read_holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

impl From<LockError> for WriteError {
    fn from(error: LockError) -> WriteError {
        match error {
            LockError::Busy { holder } => WriteError::Busy { holder },
            LockError::Failed(failure) => WriteError::Failed(failure),
        }
    }
}

impl From<LockError> for UndoError {
    fn from(error: LockError) -> UndoError {
        match error {
            LockError::Busy { holder } => UndoError::Busy { holder },
            LockError::Failed(failure) => UndoError::Failed(failure),
        }
    }
}
