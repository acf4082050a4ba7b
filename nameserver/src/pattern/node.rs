//! A parsed pattern.

/// One after the other.
pub(super) type Sequence = Vec<Node>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A character by its code point, which may be a surrogate: that matches nothing.
    Literal(u32),
    /// Every character but line ends.
    Any,
    /// One of these characters, or none of them.
    Set {
        negate: bool,
        items: Vec<SetItem>,
    },
    /// A place.
    At(Place),
    Branch(Vec<Sequence>),
    Group {
        number: Option<usize>,
        add: Flags,
        remove: Flags,
        body: Sequence,
    },
    Atomic(Sequence),
    Look {
        behind: bool,
        negate: bool,
        body: Sequence,
    },
    /// What a group matched.
    Reference(usize),
    /// Depends on whether a group has matched.
    Conditional {
        group: usize,
        yes: Sequence,
        no: Option<Sequence>,
    },
    Repeat {
        min: u32,
        max: Option<u32>,
        manner: Manner,
        body: Box<Node>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SetItem {
    Char(u32),
    Range(u32, u32),
    Category { category: Category, negate: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    Space,
    Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `^`
    Beginning,
    /// `$`
    End,
    /// `\A`
    TextBeginning,
    /// `\Z`
    TextEnd,
    Boundary,
    NoBoundary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Greedy,
    Lazy,
    Possessive,
}

/// Inline flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multiline: bool,
    pub(super) dot_all: bool,
    pub(super) verbose: bool,
    pub(super) ascii: bool,
    pub(super) unicode: bool,
    /// It has no effect.
    pub(super) template: bool,
}

impl Flags {
    /// The flag of this letter.
    pub(super) fn of(letter: char) -> Option<Self> {
        let mut flags = Self::default();
        *match letter {
            'i' => &mut flags.ignore_case,
            'm' => &mut flags.multiline,
            's' => &mut flags.dot_all,
            'x' => &mut flags.verbose,
            'a' => &mut flags.ascii,
            'u' => &mut flags.unicode,
            't' => &mut flags.template,
            _ => return None,
        } = true;
        Some(flags)
    }

    fn bits(self) -> [bool; 7] {
        let Self { ignore_case, multiline, dot_all, verbose, ascii, unicode, template } = self;
        [ignore_case, multiline, dot_all, verbose, ascii, unicode, template]
    }

    fn from_bits([ignore_case, multiline, dot_all, verbose, ascii, unicode, template]: [bool; 7]) -> Self {
        Self { ignore_case, multiline, dot_all, verbose, ascii, unicode, template }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let (ours, theirs) = (self.bits(), other.bits());
        Self::from_bits(std::array::from_fn(|at| ours[at] || theirs[at]))
    }

    pub(super) fn without(self, other: Self) -> Self {
        let (ours, theirs) = (self.bits(), other.bits());
        Self::from_bits(std::array::from_fn(|at| ours[at] && !theirs[at]))
    }

    pub(super) fn shares_with(self, other: Self) -> bool {
        let (ours, theirs) = (self.bits(), other.bits());
        (0..ours.len()).any(|at| ours[at] && theirs[at])
    }
}
