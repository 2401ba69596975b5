//! Ctrl-C: what only reads ends at once; what has begun to write, or has put a trial in the tree, hears of it and puts things
//! back first.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

/// What a shell reports for a program that Ctrl-C ended.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static MAY_END: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// While one of these lives, an interrupt does not end the program: whoever holds it asks [`check`].
#[derive(Debug)]
pub struct Guard(());

/// Begins to listen for Ctrl-C and requests to terminate.
pub fn listen() {
    for signal in TERM_SIGNALS {
        // Without a handler the program just ends, which is safe too: the journal knows how to go on.
        let _ = flag::register_conditional_shutdown(*signal, i32::from(EXIT_CODE), Arc::clone(&MAY_END));
        let _ = flag::register(*signal, Arc::clone(&REQUESTED));
    }
}

/// Puts interrupts off until the guard is gone.
pub fn put_off() -> Guard {
    GUARDS.fetch_add(1, Ordering::SeqCst);
    MAY_END.store(false, Ordering::SeqCst);
    Guard(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        if GUARDS.fetch_sub(1, Ordering::SeqCst) == 1 {
            MAY_END.store(true, Ordering::SeqCst);
        }
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
