//! Writing to the terminal.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;

/// Prints a line on standard output. A reader that has seen enough is no failure.
pub fn line(text: impl Display) -> Result<(), Failure> {
    item(text).map(|_| ())
}

/// Prints one of many lines; false when there is no reader any more.
pub fn item(text: impl Display) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Failed(format!("cannot write to standard output: {error}"))),
    }
}

/// Prints lines on standard error.
pub fn error(text: impl Display) {
    // There is nobody left to tell when that fails.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What a peer said, without the characters that could command a terminal. Line ends stay.
pub fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The same on one line.
pub fn one_line(text: &str) -> String {
    harmless(text).lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_command_the_terminal() {
        assert_eq!(harmless("a\x1b[2Jb\n\tc\r\u{9b}"), "a\\u{1b}[2Jb\n\tc\\r\\u{9b}");
        assert_eq!(one_line("a\n  b\r\n"), "a b\\r");
    }
}
