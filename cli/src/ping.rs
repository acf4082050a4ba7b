//! `firesteel ping`: is it there, and how far away.

use std::time::Instant;

use clap::Args;

use crate::arguments::Remote;
use crate::connect::{self, PATIENCE};
use crate::failure::Failure;
use crate::output;

/// Connect to an object and measure the round trip; the exit code is 1 if it cannot be reached.
///
/// Without --timeout, it waits for ten seconds.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    remote: Remote,
}

/// Asks and prints.
pub fn run(options: &Options) -> Result<(), Failure> {
    let proxy = connect::proxy(&options.remote, Some(PATIENCE))?;
    let ping = || -> Result<f64, Failure> {
        let start = Instant::now();
        proxy.ping().map_err(|failure| Failure::of_call(&options.remote.uri, failure))?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    // The first one connects, too.
    let connected = ping()?;
    let round_trip = ping()?;
    output::line(format_args!("ok: round trip {round_trip:.3} ms (connected in {connected:.3} ms)"))
}
