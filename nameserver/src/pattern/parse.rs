//! Reads a pattern as `re._parser` of Python 3.11 does, with its errors.

mod escape;
mod group;
mod set;

use super::PatternError;
use super::node::{Flags, Manner, Node, Place, Sequence};
use super::source::{Source, Token, error};
use super::width::{Widths, of_sequence};

/// A parsed pattern, and the flags that it sets for all of itself.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) body: Sequence,
    pub(super) flags: Flags,
}

/// Groups within groups.
const MAX_DEPTH: usize = 100;
/// Python's `MAXREPEAT`.
const MAX_REPEAT: u64 = 0xffff_ffff;

pub(super) fn parse(chars: &[char]) -> Result<Tree, PatternError> {
    let mut parser = Parser {
        source: Source::new(chars)?,
        flags: Flags::default(),
        names: Vec::new(),
        widths: vec![None],
        behind: None,
        references: Vec::new(),
    };
    let body = parser.alternatives(false, 0)?;
    if parser.flags.ascii && parser.flags.unicode {
        return Err(PatternError::new("ASCII and UNICODE flags are incompatible"));
    }
    if parser.source.next.is_some() {
        return Err(parser.source.error("unbalanced parenthesis", 0));
    }
    let unknown = parser.references.iter().find(|(group, _)| *group >= parser.widths.len());
    if let Some((group, at)) = unknown {
        return Err(error(chars, format_args!("invalid group reference {group}"), *at));
    }
    check_lookbehinds(&body, &parser.widths)?;
    Ok(Tree { body, flags: parser.flags })
}

struct Parser<'a> {
    source: Source<'a>,
    /// Those for the whole pattern.
    flags: Flags,
    names: Vec<(String, usize)>,
    /// For each group, once it is closed; the whole pattern is the first one, and never is.
    widths: Widths,
    /// How many groups there were where the outermost look-behind began.
    behind: Option<usize>,
    /// Groups that conditionals name by their numbers, and where.
    references: Vec<(usize, usize)>,
}

impl Parser<'_> {
    /// `a|b|c`
    fn alternatives(&mut self, mut verbose: bool, depth: usize) -> Result<Sequence, PatternError> {
        if depth > MAX_DEPTH {
            return Err(self.source.error("nested too deeply", 0));
        }
        let mut branches = Vec::new();
        loop {
            let is_first = depth == 0 && branches.is_empty();
            branches.push(self.sequence(verbose, depth + 1, is_first)?);
            if !self.source.take('|')? {
                break;
            }
            if depth == 0 {
                verbose = self.flags.verbose;
            }
        }
        match branches.pop() {
            Some(only) if branches.is_empty() => Ok(only),
            last => {
                branches.extend(last);
                Ok(vec![Node::Branch(branches)])
            }
        }
    }

    fn sequence(&mut self, mut verbose: bool, depth: usize, is_first: bool) -> Result<Sequence, PatternError> {
        let mut sequence = Sequence::new();
        while let Some(this) = self.source.next {
            if matches!(this, Token::Char('|' | ')')) {
                break;
            }
            self.source.get()?;
            let c = match this {
                Token::Escape(c) => {
                    sequence.push(self.escape(c)?);
                    continue;
                }
                Token::Char(c) => c,
            };
            if verbose && is_blank(c) {
                continue;
            }
            match c {
                '#' if verbose => while !matches!(self.source.get()?, None | Some(Token::Char('\n'))) {},
                '[' => sequence.push(self.set()?),
                '*' | '+' | '?' | '{' => self.quantifier(c, &mut sequence)?,
                '.' => sequence.push(Node::Any),
                '^' => sequence.push(Node::At(Place::Beginning)),
                '$' => sequence.push(Node::At(Place::End)),
                '(' => {
                    let may_set_flags = is_first && sequence.is_empty();
                    if self.group(verbose, depth, may_set_flags, &mut sequence)? {
                        verbose = self.flags.verbose;
                    }
                }
                other => sequence.push(Node::Literal(other.into())),
            }
        }
        Ok(sequence)
    }

    fn quantifier(&mut self, c: char, sequence: &mut Sequence) -> Result<(), PatternError> {
        let here = self.source.tell();
        let (min, max) = match c {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            _ => match self.braces(here)? {
                Some(bounds) => bounds,
                None => {
                    sequence.push(Node::Literal(c.into()));
                    return Ok(());
                }
            },
        };
        let back = self.source.tell() - here + 1;
        let body = match sequence.pop() {
            None | Some(Node::At(_)) => return Err(self.source.error("nothing to repeat", back)),
            Some(Node::Repeat { .. }) => return Err(self.source.error("multiple repeat", back)),
            Some(node) => Box::new(node),
        };
        let manner = if self.source.take('?')? {
            Manner::Lazy
        } else if self.source.take('+')? {
            Manner::Possessive
        } else {
            Manner::Greedy
        };
        sequence.push(Node::Repeat { min, max, manner, body });
        Ok(())
    }

    /// What stands in braces, if it is a quantifier.
    fn braces(&mut self, here: usize) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        if self.source.is_next('}') {
            return Ok(None);
        }
        let digits = |c: char| c.is_ascii_digit();
        let low = self.source.take_while(usize::MAX, digits)?;
        let high = if self.source.take(',')? { self.source.take_while(usize::MAX, digits)? } else { low.clone() };
        if !self.source.take('}')? {
            self.source.seek(here)?;
            return Ok(None);
        }
        let min = if low.is_empty() { 0 } else { repetitions(&low)? };
        let max = if high.is_empty() { None } else { Some(repetitions(&high)?) };
        if max.is_some_and(|max| max < min) {
            let back = self.source.tell() - here;
            return Err(self.source.error("min repeat greater than max repeat", back));
        }
        Ok(Some((min, max)))
    }
}

fn repetitions(digits: &str) -> Result<u32, PatternError> {
    match digits.parse::<u64>() {
        Ok(number) if number < MAX_REPEAT => u32::try_from(number).map_err(|_| PatternError::overflow()),
        _ => Err(PatternError::overflow()),
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Python goes back by a number of characters that it must know.
fn check_lookbehinds(sequence: &[Node], widths: &Widths) -> Result<(), PatternError> {
    for node in sequence {
        match node {
            Node::Look { behind, body, .. } => {
                let (min, max) = of_sequence(body, widths);
                if *behind && min != max {
                    return Err(PatternError::new("look-behind requires fixed-width pattern"));
                }
                check_lookbehinds(body, widths)?;
            }
            Node::Branch(branches) => branches.iter().try_for_each(|branch| check_lookbehinds(branch, widths))?,
            Node::Group { body, .. } | Node::Atomic(body) => check_lookbehinds(body, widths)?,
            Node::Conditional { yes, no, .. } => {
                check_lookbehinds(yes, widths)?;
                no.as_ref().map_or(Ok(()), |no| check_lookbehinds(no, widths))?;
            }
            Node::Repeat { body, .. } => check_lookbehinds(std::slice::from_ref(&**body), widths)?,
            Node::Literal(_) | Node::Any | Node::Set { .. } | Node::At(_) | Node::Reference(_) => {}
        }
    }
    Ok(())
}
