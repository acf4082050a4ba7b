//! `firesteel inspect`: lists what an object exposes.

use clap::Args;

use crate::arguments::Remote;
use crate::connect::{self, PATIENCE};
use crate::failure::Failure;
use crate::output::{self, one_line};

/// List the methods and attributes of an object.
///
/// One member a line: `method NAME`, `method NAME (oneway)` or `attribute NAME`, sorted by name.
/// Without --timeout, it waits for ten seconds.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    remote: Remote,
}

/// Asks and prints.
pub fn run(options: &Options) -> Result<(), Failure> {
    let proxy = connect::proxy(&options.remote, Some(PATIENCE))?;
    let metadata = proxy.metadata().map_err(|failure| Failure::of_call(&options.remote.uri, failure))?;
    for name in &metadata.methods {
        let oneway = if metadata.is_oneway(name) { " (oneway)" } else { "" };
        output::line(format_args!("method {}{oneway}", one_line(name)))?;
    }
    for name in &metadata.attributes {
        output::line(format_args!("attribute {}", one_line(name)))?;
    }
    Ok(())
}
