//! Python's regular expressions: [`Pattern`] matches as `re.match` does.

mod node;
mod parse;
mod source;
mod width;
mod write;

use std::fmt;

use fancy_regex::RegexBuilder;
use firesteel_proto::Fault;

use crate::object::naming;

/// A pattern in the syntax of Python's `re` (3.11), which matches at the beginning of a text as `re.match` does.
///
/// It is parsed as Python parses it, with its errors, and written anew for `fancy-regex`, in whose terms look-around,
/// back-references, conditionals and atomic groups are tried up to a limit, and everything else takes linear time. What is
/// not there: `\N{...}`.
///
/// ```
/// use firesteel_nameserver::Pattern;
///
/// let pattern = Pattern::new(r"(?P<word>\w+)\.(?P=word)(?!x)")?;
/// assert_eq!(pattern.matches("a.a.b"), Ok(true));
/// assert_eq!(pattern.matches("b.a.a"), Ok(false));
/// assert_eq!(Pattern::new("a(b").unwrap_err().to_string(), "missing ), unterminated subpattern at position 1");
/// # Ok::<(), firesteel_nameserver::PatternError>(())
/// ```
#[derive(Debug)]
pub struct Pattern {
    regex: fancy_regex::Regex,
    /// It backtracks.
    is_hard: bool,
}

/// Why a pattern cannot be used, in Python's words where Python refuses it, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `re.error`.
    Error,
    /// `OverflowError`.
    Overflow,
}

/// Characters of a pattern.
pub(crate) const MAX_LENGTH: usize = 10_000;
/// How often a pattern may try something else on one text.
const MAX_BACKTRACKS: usize = 200_000;
/// Bytes of a text that is tried with backtracking.
const MAX_TEXT: usize = 8_192;
/// Bytes of a compiled pattern, about.
const MAX_SIZE: usize = 8 << 20;

/// What each of its pieces may take however many there are.
const MIN_PIECE: usize = 8 << 10;

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// A pattern that is none, or is too large.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let chars: Vec<char> = pattern.chars().take(MAX_LENGTH + 1).collect();
        if chars.len() > MAX_LENGTH {
            return Err(PatternError::too_long());
        }
        let tree = parse::parse(&chars)?;
        let written = write::write(&tree);
        let mut builder = RegexBuilder::new(&written.text);
        // Each look-around, and each piece between references, is compiled by itself.
        let pieces = if written.is_hard { 1 + written.text.matches(['(', '\\']).count() } else { 1 };
        let piece = (MAX_SIZE / pieces).max(MIN_PIECE);
        builder.backtrack_limit(MAX_BACKTRACKS).delegate_size_limit(piece).max_prog_size(MAX_SIZE / 64);
        let regex = builder.build().map_err(|error| PatternError::new(format_args!("too complex: {error}")))?;
        Ok(Self { regex, is_hard: written.is_hard })
    }

    /// Whether a text begins with a match.
    ///
    /// # Errors
    /// It would take too many tries to find out.
    pub fn matches(&self, text: &str) -> Result<bool, PatternError> {
        if self.is_hard && text.len() > MAX_TEXT {
            return Err(PatternError::new(format_args!("too complex for a name of more than {MAX_TEXT} bytes")));
        }
        self.regex.is_match(text).map_err(|_| PatternError::new("it takes too many steps to match a name"))
    }
}

impl PatternError {
    pub(crate) fn too_long() -> Self {
        Self::new(format_args!("longer than {MAX_LENGTH} characters"))
    }

    fn new(text: impl fmt::Display) -> Self {
        Self { kind: Kind::Error, text: text.to_string() }
    }

    /// Python does not take it for an error of the pattern.
    fn overflow() -> Self {
        Self { kind: Kind::Overflow, text: "the repetition number is too large".to_owned() }
    }

    /// As Pyro's name servers raise it.
    pub(crate) fn to_fault(&self) -> Fault {
        match self.kind {
            Kind::Error => naming(format_args!("invalid regex: {self}")),
            Kind::Overflow => Fault::new("builtins.OverflowError", self),
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for PatternError {}
