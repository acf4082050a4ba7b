//! Ctrl-C and `kill` end the server in an orderly way.

use std::process;
use std::thread;

use firesteel::blocking::Stopper;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// Stops the server at the first signal. The second one ends the process at once.
pub fn on_end(stopper: Stopper) -> Result<(), Failure> {
    let failed = |error| Failure::Failed(format!("cannot take signals: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let watch = move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            stopper.stop();
        }
        if let Some(signal) = signals.next() {
            process::exit(128 + signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch).map_err(failed)?;
    Ok(())
}
