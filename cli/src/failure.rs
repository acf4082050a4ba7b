//! How a command fails: what it prints, and its exit code.

use std::process::ExitCode;

use firesteel::{CallError, CallFailure, CloseReason, Fault, NamingError, ProtocolError, Uri};

use crate::output::{self, harmless, one_line};

/// Why a command ended without success.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage: exit code 2.
    Usage(String),
    /// Something failed at run time: exit code 1.
    Failed(String),
    /// The remote method raised: exit code 1.
    Raised(Box<Fault>),
    /// No failure at all: `--help` and `--version`.
    Help(clap::Error),
}

impl Failure {
    /// How a call of this object failed.
    pub fn of_call(uri: &str, failure: CallFailure) -> Self {
        let place = || match uri.parse() {
            Ok(Uri::Pyro { location, .. }) => location.to_string(),
            _ => uri.to_owned(),
        };
        Self::Failed(match failure {
            CallFailure::Fault(fault) => return Self::Raised(fault),
            CallFailure::Lost(CloseReason::Unresolved(error)) => unresolved(uri, &error),
            CallFailure::Lost(CloseReason::Unreachable(reason)) => {
                format!("cannot connect to {}: {reason}: is the server running there?", place())
            }
            CallFailure::Lost(CloseReason::Rejected(reason)) => format!("{} refused {uri}: {reason}", place()),
            CallFailure::Deadline | CallFailure::Lost(CloseReason::Timeout) => {
                format!("no answer from {uri} in time: give it longer with --timeout")
            }
            CallFailure::Lost(CloseReason::Protocol(ProtocolError::TooLarge { size, max }))
            | CallFailure::Misuse(CallError::TooLarge { size, max }) => {
                format!("a message of {size} bytes is above the limit of {max}: raise it with PYRO_MAX_MESSAGE_SIZE")
            }
            other => format!("{uri}: {other}"),
        })
    }

    /// There is no name server.
    pub fn not_located(error: &NamingError) -> Self {
        Self::Failed(format!("{error}: start one, or say where it is with PYRO_NS_HOST and PYRO_NS_PORT"))
    }

    /// Tells the user, and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(text) => {
                output::error(format_args!("error: {}", one_line(&text)));
                ExitCode::from(2)
            }
            Self::Failed(text) => {
                output::error(format_args!("error: {}", one_line(&text)));
                ExitCode::FAILURE
            }
            Self::Raised(fault) => {
                output::error(raised(&fault));
                ExitCode::FAILURE
            }
            Self::Help(help) => {
                let _ = help.print();
                ExitCode::SUCCESS
            }
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        if error.use_stderr() { Self::Usage(usage(&error.to_string())) } else { Self::Help(error) }
    }
}

fn unresolved(uri: &str, error: &NamingError) -> String {
    match error {
        NamingError::NotLocated(_) => {
            format!("{error}: start one, or say where it is: PYRONAME:name@host:port, or PYRO_NS_HOST and PYRO_NS_PORT")
        }
        _ => format!("{uri}: {error}: list what it knows with firesteel nsc list"),
    }
}

/// What clap says in several paragraphs, without the usage.
fn usage(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n").filter(|paragraph| !paragraph.trim_start().starts_with("Usage:"));
    let lines: Vec<_> = paragraphs.map(one_line).collect();
    lines.join("; ").trim_start_matches("error: ").to_owned()
}

/// Type, text and traceback, framed as Pyro does it.
fn raised(fault: &Fault) -> String {
    let mut text = harmless(&fault.to_string());
    if !fault.traceback.is_empty() {
        text.push_str("\n +--- This exception occurred remotely (Pyro) - Remote traceback:");
        for line in fault.traceback.iter().flat_map(|entry| entry.strip_suffix('\n').unwrap_or(entry).split('\n')) {
            text.push_str("\n | ");
            text.push_str(&harmless(line));
        }
        text.push_str("\n +--- End of remote traceback");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_exception_is_framed_as_in_pyro() {
        let mut fault = Fault::new("builtins.ValueError", "wrong");
        assert_eq!(raised(&fault), "builtins.ValueError: wrong");
        fault.traceback =
            vec!["Traceback:\n".to_owned(), "  File 1\n    code\n".to_owned(), "ValueError: wrong\n".to_owned()];
        assert_eq!(
            raised(&fault),
            "builtins.ValueError: wrong\n \
             +--- This exception occurred remotely (Pyro) - Remote traceback:\n \
             | Traceback:\n \
             |   File 1\n \
             |     code\n \
             | ValueError: wrong\n \
             +--- End of remote traceback"
        );
    }
}
