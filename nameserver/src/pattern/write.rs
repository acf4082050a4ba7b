//! Writes a parsed pattern for `fancy-regex`.

use std::fmt::Write;

use super::node::{Category, Flags, Manner, Node, Place, Sequence, SetItem};
use super::parse::Tree;

/// A pattern in the syntax of `fancy-regex`.
pub(super) struct Written {
    pub(super) text: String,
    /// It needs backtracking.
    pub(super) is_hard: bool,
}

/// It matches at the beginning of a text alone.
pub(super) fn write(tree: &Tree) -> Written {
    let mut writer = Writer { text: r"\A(?:".to_owned(), is_hard: false };
    match tree.body.split_last() {
        // Nothing follows, so that the line end may be taken, which needs no look ahead.
        Some((Node::At(Place::End), before)) if !tree.flags.multiline => {
            writer.sequence(before, tree.flags);
            writer.text.push_str(r"\n?\z");
        }
        _ => writer.sequence(&tree.body, tree.flags),
    }
    writer.text.push(')');
    Written { text: writer.text, is_hard: writer.is_hard }
}

struct Writer {
    text: String,
    is_hard: bool,
}

/// Letters and numbers in the sense of `str.isalnum`.
const WORD: &str = r"[\p{L}\p{N}_]";
const ASCII_WORD: &str = "[0-9A-Za-z_]";
/// Matches nothing.
const NEVER: &str = r"[^\x{0}-\x{10FFFF}]";

impl Writer {
    fn sequence(&mut self, sequence: &[Node], flags: Flags) {
        sequence.iter().for_each(|node| self.node(node, flags));
    }

    fn hard(&mut self, text: &str) {
        self.is_hard = true;
        self.text.push_str(text);
    }

    fn node(&mut self, node: &Node, flags: Flags) {
        match node {
            Node::Literal(code) => self.literal(*code, flags),
            Node::Any => self.text.push_str(if flags.dot_all { "(?s:.)" } else { r"[^\n]" }),
            Node::Set { negate, items } => self.set(*negate, items, flags),
            Node::At(place) => self.place(*place, flags),
            Node::Branch(branches) => self.within("(?:", |writer| {
                for (at, branch) in branches.iter().enumerate() {
                    if at > 0 {
                        writer.text.push('|');
                    }
                    writer.sequence(branch, flags);
                }
            }),
            Node::Group { number, add, remove, body } => {
                let mut inner = flags.and(*add).without(*remove);
                // Who asks for one of these takes leave of the other one.
                inner.ascii = (inner.ascii && !add.unicode) || add.ascii;
                self.within(if number.is_some() { "(" } else { "(?:" }, |writer| writer.sequence(body, inner));
            }
            Node::Atomic(body) => {
                self.is_hard = true;
                self.within("(?>", |writer| writer.sequence(body, flags));
            }
            Node::Look { behind, negate, body } => {
                self.is_hard = true;
                let begin = match (behind, negate) {
                    (false, false) => "(?=",
                    (false, true) => "(?!",
                    (true, false) => "(?<=",
                    (true, true) => "(?<!",
                };
                self.within(begin, |writer| writer.sequence(body, flags));
            }
            Node::Reference(group) => {
                self.is_hard = true;
                let begin = if flags.ignore_case { "(?i:" } else { "(?:" };
                self.within(begin, |writer| writer.write(format_args!("\\{group}")));
            }
            Node::Conditional { group, yes, no } => self.conditional(*group, yes, no.as_ref(), flags),
            Node::Repeat { min, max, manner, body } => self.repeat((*min, *max), *manner, body, flags),
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a text cannot fail.
        let _ = self.text.write_fmt(text);
    }

    fn within(&mut self, begin: &str, contents: impl FnOnce(&mut Self)) {
        self.text.push_str(begin);
        contents(self);
        self.text.push(')');
    }

    fn literal(&mut self, code: u32, flags: Flags) {
        let Some(c) = char::from_u32(code) else { return self.text.push_str(NEVER) };
        match (flags.ignore_case, flags.ascii) {
            (true, true) if c.is_ascii_alphabetic() => {
                self.write(format_args!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()));
            }
            (true, false) if c.is_alphabetic() || !c.is_ascii() => {
                self.within("(?i:", |writer| writer.char(c));
            }
            _ => self.char(c),
        }
    }

    fn char(&mut self, c: char) {
        if c.is_ascii_alphanumeric() {
            self.text.push(c)
        } else {
            self.write(format_args!("\\x{{{:X}}}", u32::from(c)))
        }
    }

    fn set(&mut self, negate: bool, items: &[SetItem], flags: Flags) {
        let folds = flags.ignore_case && !flags.ascii;
        let only = if let [SetItem::Category { category, negate: inverse }] = items {
            Some((*category, *inverse != negate))
        } else {
            None
        };
        if let Some((category, negate)) = only {
            return self.category(category, negate, flags.ascii);
        }
        self.text.push_str(if folds { "(?i:[" } else { "[" });
        if negate {
            self.text.push('^');
        }
        let mut is_empty = true;
        for item in items {
            match *item {
                SetItem::Category { category, negate } => self.category(category, negate, flags.ascii),
                SetItem::Char(code) if char::from_u32(code).is_none() => continue,
                SetItem::Char(code) => self.range(code, code, flags),
                SetItem::Range(low, high) => {
                    // The ends are moved out of the surrogates, which are in no text.
                    let low = if char::from_u32(low).is_none() { 0xe000 } else { low };
                    let high = if char::from_u32(high).is_none() { 0xd7ff } else { high };
                    if low > high {
                        continue;
                    }
                    self.range(low, high, flags);
                }
            }
            is_empty = false;
        }
        if is_empty {
            self.text.push_str(NEVER);
        }
        self.text.push_str(if folds { "])" } else { "]" });
    }

    fn range(&mut self, low: u32, high: u32, flags: Flags) {
        self.write(format_args!("\\x{{{low:X}}}-\\x{{{high:X}}}"));
        if flags.ignore_case && flags.ascii {
            // The other case of those that are ASCII letters.
            for (first, last, other) in [(b'A', b'Z', b'a'), (b'a', b'z', b'A')] {
                let (from, to) = (low.max(first.into()), high.min(last.into()));
                if from <= to {
                    let shift = |code: u32| code - u32::from(first) + u32::from(other);
                    self.write(format_args!("\\x{{{:X}}}-\\x{{{:X}}}", shift(from), shift(to)));
                }
            }
        }
    }

    fn category(&mut self, category: Category, negate: bool, ascii: bool) {
        let inside = match (category, ascii) {
            (Category::Digit, false) => r"\p{Nd}",
            (Category::Digit, true) => "0-9",
            (Category::Space, false) => r"\s\x{1C}-\x{1F}",
            (Category::Space, true) => r"\x{9}-\x{D}\x{20}",
            (Category::Word, false) => r"\p{L}\p{N}_",
            (Category::Word, true) => "0-9A-Za-z_",
        };
        self.write(format_args!("[{}{inside}]", if negate { "^" } else { "" }));
    }

    fn place(&mut self, place: Place, flags: Flags) {
        let word = if flags.ascii { ASCII_WORD } else { WORD };
        match place {
            Place::Beginning if flags.multiline => self.text.push_str("(?m:^)"),
            Place::Beginning | Place::TextBeginning => self.text.push_str(r"\A"),
            Place::End if flags.multiline => self.text.push_str("(?m:$)"),
            Place::End => self.hard(r"(?=\n?\z)"),
            Place::TextEnd => self.text.push_str(r"\z"),
            Place::Boundary => self.hard(&format!("(?:(?<={word})(?!{word})|(?<!{word})(?={word}))")),
            // In an empty text, Python finds neither.
            Place::NoBoundary => {
                self.hard(&format!(r"(?:(?<={word})(?={word})|(?<!{word})(?!{word})(?!\A\z))"));
            }
        }
    }

    fn conditional(&mut self, group: usize, yes: &Sequence, no: Option<&Sequence>, flags: Flags) {
        if is_nothing(yes) && no.is_none_or(|no| is_nothing(no)) {
            // Without branches, it would be a test by itself.
            return;
        }
        self.is_hard = true;
        self.write(format_args!("(?({group})(?:"));
        self.sequence(yes, flags);
        self.text.push_str(")|(?:");
        if let Some(no) = no {
            self.sequence(no, flags);
        }
        self.text.push_str("))");
    }

    fn repeat(&mut self, (min, max): (u32, Option<u32>), manner: Manner, body: &Node, flags: Flags) {
        if manner == Manner::Possessive {
            self.hard("(?>");
        }
        if !consumes(body) {
            // Once is as good as often, and no more can be said of it.
            self.text.push_str("(?:");
            self.node(body, flags);
            self.text.push_str(if min == 0 { "|)" } else { ")" });
        } else {
            self.within("(?:", |writer| writer.node(body, flags));
            match (min, max) {
                (0, Some(1)) => self.text.push('?'),
                (0, None) => self.text.push('*'),
                (1, None) => self.text.push('+'),
                (min, None) => self.write(format_args!("{{{min},}}")),
                (min, Some(max)) => self.write(format_args!("{{{min},{max}}}")),
            }
            if manner == Manner::Lazy {
                self.text.push('?');
            }
        }
        if manner == Manner::Possessive {
            self.text.push(')');
        }
    }
}

/// Whether it can match a character.
fn consumes(node: &Node) -> bool {
    let any = |sequence: &Sequence| sequence.iter().any(consumes);
    match node {
        Node::Literal(_) | Node::Any | Node::Set { .. } | Node::Reference(_) => true,
        Node::At(_) | Node::Look { .. } => false,
        Node::Branch(branches) => branches.iter().any(any),
        Node::Group { body, .. } | Node::Atomic(body) => any(body),
        Node::Conditional { yes, no, .. } => any(yes) || no.as_ref().is_some_and(any),
        Node::Repeat { body, .. } => consumes(body),
    }
}

/// Whether there is nothing to it.
fn is_nothing(sequence: &[Node]) -> bool {
    sequence.iter().all(|node| matches!(node, Node::Group { number: None, body, .. } if is_nothing(body)))
}
