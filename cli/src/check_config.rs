//! `firesteel check-config`: the settings in force.

use std::env;
use std::fmt;

use clap::Args;
use firesteel::{Settings, Value};

use crate::failure::Failure;
use crate::{output, settings};

/// Print the settings in force, like pyro5-check-config.
///
/// The first lines tell of the program; then comes one line NAME = VALUE for each setting, sorted by name, and then
/// those of Pyro that mean nothing here.
#[derive(Args)]
pub struct Options {}

/// Prints them.
pub fn run(_: &Options) -> Result<(), Failure> {
    let settings = settings::settings()?;
    output::line(format_args!("firesteel version: {}", env!("CARGO_PKG_VERSION")))?;
    if let Ok(program) = env::current_exe() {
        output::line(format_args!("Loaded from: {}", program.display()))?;
    }
    output::line("Protocol versions: 502 (Pyro5), 48 (Pyro4)")?;
    output::line("Currently active global configuration settings:")?;
    for (name, value) in settings.items() {
        output::line(format_args!("{name} = {}", AsText(&value)))?;
    }
    output::line(format_args!("Not used by firesteel: {}", unused(&settings)))
}

/// Those that were given are marked.
fn unused(settings: &Settings) -> String {
    let marked = Settings::unused().map(|name| {
        let mark = if settings.ignored().contains(&name) { " (set)" } else { "" };
        format!("{name}{mark}")
    });
    marked.collect::<Vec<_>>().join(", ")
}

/// As Python's `str` gives it.
struct AsText<'a>(&'a Value);

impl fmt::Display for AsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Str(text) => f.write_str(&output::one_line(text)),
            other => other.fmt(f),
        }
    }
}
