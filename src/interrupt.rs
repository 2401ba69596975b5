//! Ctrl-C: what only reads ends at once; what has begun to write, or has put a trial in the tree, hears of it and puts things
//! back first.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a shell reports for a program that Ctrl-C ended.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
static GUARDS: Mutex<usize> = Mutex::new(0);

/// While one of these lives, an interrupt does not end the program: whoever holds it asks [`check`].
#[derive(Debug)]
pub struct Guard(());

/// Begins to listen for Ctrl-C and requests to terminate.
pub fn listen() {
    // Without a handler the program just ends, which is safe too: the journal knows how to go on.
    let _ = ctrlc::set_handler(|| {
        // Whoever makes a guard waits for this: once it is there, nothing ends the program any more.
        let guards = guards();
        if *guards == 0 {
            process::exit(i32::from(EXIT_CODE));
        }
        REQUESTED.store(true, Ordering::SeqCst);
    });
}

fn guards() -> MutexGuard<'static, usize> {
    GUARDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts interrupts off until the guard is gone.
pub fn put_off() -> Guard {
    *guards() += 1;
    Guard(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        *guards() -= 1;
    }
}

/// Was there an interrupt that has been put off?
pub fn is_requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// # Errors
/// When there was an interrupt.
pub fn check() -> io::Result<()> {
    if is_requested() { Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted")) } else { Ok(()) }
}
