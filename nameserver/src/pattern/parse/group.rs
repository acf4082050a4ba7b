//! `(...)`, and all that can stand behind `(?`.

use super::Parser;
use crate::pattern::PatternError;
use crate::pattern::node::{Flags, Node, Sequence};
use crate::pattern::source::{Token, quoted};
use crate::pattern::width::of_sequence;

/// What a group is.
enum Kind {
    Capture(Option<String>),
    Plain { add: Flags, remove: Flags },
    Atomic,
}

/// What flags are for.
enum Scope {
    Everything,
    Group { add: Flags, remove: Flags },
}

impl Parser<'_> {
    /// True where it has set flags for the whole pattern.
    pub(super) fn group(
        &mut self,
        verbose: bool,
        depth: usize,
        may_set_flags: bool,
        sequence: &mut Sequence,
    ) -> Result<bool, PatternError> {
        let start = self.source.tell() - 1;
        let mut kind = Kind::Capture(None);
        if self.source.take('?')? {
            let this = self.get_or("unexpected end of pattern")?;
            match this {
                Token::Char('P') => {
                    if self.source.take('<')? {
                        let name = self.source.take_until('>', "group name")?;
                        self.check_name(&name)?;
                        kind = Kind::Capture(Some(name));
                    } else {
                        sequence.push(self.named_reference()?);
                        return Ok(false);
                    }
                }
                Token::Char(':') => kind = Kind::Plain { add: Flags::default(), remove: Flags::default() },
                Token::Char('>') => kind = Kind::Atomic,
                Token::Char('#') => {
                    self.comment(start)?;
                    return Ok(false);
                }
                Token::Char(c @ ('=' | '!' | '<')) => {
                    sequence.push(self.look(c, verbose, depth, start)?);
                    return Ok(false);
                }
                Token::Char('(') => {
                    sequence.push(self.conditional(verbose, depth, start)?);
                    return Ok(false);
                }
                Token::Char(c) if c == '-' || c == 'L' || Flags::of(c).is_some() => match self.inline_flags(c)? {
                    Scope::Everything => {
                        if !may_set_flags {
                            let back = self.source.tell() - start;
                            return Err(self.source.error("global flags not at the start of the expression", back));
                        }
                        return Ok(true);
                    }
                    Scope::Group { add, remove } => kind = Kind::Plain { add, remove },
                },
                other => {
                    return Err(self.source.error(format_args!("unknown extension ?{other}"), other.len() + 1));
                }
            }
        }
        let node = self.contents(kind, verbose, depth, start)?;
        sequence.push(node);
        Ok(false)
    }

    fn contents(&mut self, kind: Kind, verbose: bool, depth: usize, start: usize) -> Result<Node, PatternError> {
        let number = self.widths.len();
        let mut verbose = verbose;
        match &kind {
            Kind::Capture(name) => {
                self.widths.push(None);
                if let Some(name) = name {
                    self.name_group(name, number)?;
                }
            }
            Kind::Plain { add, remove } => verbose = (verbose || add.verbose) && !remove.verbose,
            Kind::Atomic => {}
        }
        let body = self.alternatives(verbose, depth + 1)?;
        self.close(start)?;
        Ok(match kind {
            Kind::Capture(_) => {
                self.widths[number] = Some(of_sequence(&body, &self.widths));
                let (add, remove) = (Flags::default(), Flags::default());
                Node::Group { number: Some(number), add, remove, body }
            }
            Kind::Plain { add, remove } => Node::Group { number: None, add, remove, body },
            Kind::Atomic => Node::Atomic(body),
        })
    }

    fn name_group(&mut self, name: &str, number: usize) -> Result<(), PatternError> {
        if let Some((_, was)) = self.names.iter().find(|(known, _)| known == name) {
            let message =
                format_args!("redefinition of group name {} as group {number}; was group {was}", quoted(name));
            return Err(self.source.error(message, length(name) + 1));
        }
        self.names.push((name.to_owned(), number));
        Ok(())
    }

    fn close(&mut self, start: usize) -> Result<(), PatternError> {
        if self.source.take(')')? {
            return Ok(());
        }
        let back = self.source.tell() - start;
        Err(self.source.error("missing ), unterminated subpattern", back))
    }

    fn get_or(&mut self, complaint: &str) -> Result<Token, PatternError> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => Err(self.source.error(complaint, 0)),
        }
    }

    fn check_name(&self, name: &str) -> Result<(), PatternError> {
        if is_identifier(name) {
            return Ok(());
        }
        Err(self.source.error(format_args!("bad character in group name {}", quoted(name)), length(name) + 1))
    }

    fn named(&self, name: &str) -> Result<usize, PatternError> {
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, number)) => Ok(*number),
            None => Err(self.source.error(format_args!("unknown group name {}", quoted(name)), length(name) + 1)),
        }
    }

    /// `(?P=name)`
    fn named_reference(&mut self) -> Result<Node, PatternError> {
        if !self.source.take('=')? {
            let other = self.get_or("unexpected end of pattern")?;
            return Err(self.source.error(format_args!("unknown extension ?P{other}"), other.len() + 2));
        }
        let name = self.source.take_until(')', "group name")?;
        self.check_name(&name)?;
        let group = self.named(&name)?;
        if self.widths[group].is_none() {
            return Err(self.source.error("cannot refer to an open group", length(&name) + 1));
        }
        self.check_behind(group)?;
        Ok(Node::Reference(group))
    }

    /// A look-behind may refer to groups that were closed before it began.
    pub(super) fn check_behind(&self, group: usize) -> Result<(), PatternError> {
        let Some(groups) = self.behind else { return Ok(()) };
        if self.widths.get(group).copied().flatten().is_none() {
            return Err(self.source.error("cannot refer to an open group", 0));
        }
        if group >= groups {
            let message = "cannot refer to group defined in the same lookbehind subpattern";
            return Err(self.source.error(message, 0));
        }
        Ok(())
    }

    fn comment(&mut self, start: usize) -> Result<(), PatternError> {
        loop {
            match self.source.get()? {
                Some(Token::Char(')')) => return Ok(()),
                Some(_) => {}
                None => {
                    let back = self.source.tell() - start;
                    return Err(self.source.error("missing ), unterminated comment", back));
                }
            }
        }
    }

    /// `(?=...)`, `(?!...)`, `(?<=...)`, `(?<!...)`
    fn look(&mut self, c: char, verbose: bool, depth: usize, start: usize) -> Result<Node, PatternError> {
        let (mut sign, behind, outer) = (Token::Char(c), c == '<', self.behind);
        if behind {
            sign = self.get_or("unexpected end of pattern")?;
            if !matches!(sign, Token::Char('=' | '!')) {
                return Err(self.source.error(format_args!("unknown extension ?<{sign}"), sign.len() + 2));
            }
            self.behind = self.behind.or(Some(self.widths.len()));
        }
        let body = self.alternatives(verbose, depth + 1)?;
        self.behind = outer;
        self.close(start)?;
        Ok(Node::Look { behind, negate: sign == Token::Char('!'), body })
    }

    /// `(?(1)yes|no)`
    fn conditional(&mut self, verbose: bool, depth: usize, start: usize) -> Result<Node, PatternError> {
        let name = self.source.take_until(')', "group name")?;
        let group = if is_identifier(&name) {
            self.named(&name)?
        } else {
            let digits = name.trim();
            let digits = digits.strip_prefix('+').unwrap_or(digits);
            let Some(group) =
                digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse::<usize>().ok()).flatten()
            else {
                let message = format_args!("bad character in group name {}", quoted(&name));
                return Err(self.source.error(message, length(&name) + 1));
            };
            if group == 0 {
                return Err(self.source.error("bad group number", length(&name) + 1));
            }
            self.references.push((group, self.source.tell() - length(&name) - 1));
            group
        };
        self.check_behind(group)?;
        if depth > super::MAX_DEPTH {
            return Err(self.source.error("nested too deeply", 0));
        }
        let yes = self.sequence(verbose, depth + 1, false)?;
        let no = if self.source.take('|')? {
            let no = self.sequence(verbose, depth + 1, false)?;
            if self.source.is_next('|') {
                return Err(self.source.error("conditional backref with more than two branches", 0));
            }
            Some(no)
        } else {
            None
        };
        self.close(start)?;
        Ok(Node::Conditional { group, yes, no })
    }

    /// `(?i)`, `(?i:`, `(?-i:` ...
    fn inline_flags(&mut self, first: char) -> Result<Scope, PatternError> {
        let (mut add, mut remove) = (Flags::default(), Flags::default());
        let mut last = Token::Char(first);
        if first != '-' {
            while let Some(flag) = self.flag(last)? {
                add = add.and(flag);
                if add.ascii && add.unicode {
                    let message = "bad inline flags: flags 'a', 'u' and 'L' are incompatible";
                    return Err(self.source.error(message, 0));
                }
                last = self.get_or("missing -, : or )")?;
                if matches!(last, Token::Char(')' | '-' | ':')) {
                    break;
                }
                self.must_be_flag(last, "missing -, : or )")?;
            }
        }
        if last == Token::Char(')') {
            self.flags = self.flags.and(add);
            return Ok(Scope::Everything);
        }
        if add.template {
            return Err(self.source.error("bad inline flags: cannot turn on global flag", 1));
        }
        if last == Token::Char('-') {
            last = self.get_or("missing flag")?;
            self.must_be_flag(last, "missing flag")?;
            while let Some(flag) = self.removed_flag(last)? {
                remove = remove.and(flag);
                last = self.get_or("missing :")?;
                if last == Token::Char(':') {
                    break;
                }
                self.must_be_flag(last, "missing :")?;
            }
        }
        if remove.template {
            return Err(self.source.error("bad inline flags: cannot turn off global flag", 1));
        }
        if add.shares_with(remove) {
            return Err(self.source.error("bad inline flags: flag turned on and off", 1));
        }
        Ok(Scope::Group { add, remove })
    }

    fn flag(&self, token: Token) -> Result<Option<Flags>, PatternError> {
        if token == Token::Char('L') {
            return Err(self.source.error("bad inline flags: cannot use 'L' flag with a str pattern", 0));
        }
        Ok(flag_of(token))
    }

    fn removed_flag(&self, token: Token) -> Result<Option<Flags>, PatternError> {
        if matches!(token, Token::Char('a' | 'u' | 'L')) {
            return Err(self.source.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", 0));
        }
        Ok(flag_of(token))
    }

    fn must_be_flag(&self, token: Token, otherwise: &str) -> Result<(), PatternError> {
        if token == Token::Char('L') || flag_of(token).is_some() {
            return Ok(());
        }
        let is_letter = matches!(token, Token::Char(c) if c.is_alphabetic());
        Err(self.source.error(if is_letter { "unknown flag" } else { otherwise }, token.len()))
    }
}

fn flag_of(token: Token) -> Option<Flags> {
    match token {
        Token::Char(c) => Flags::of(c),
        Token::Escape(_) => None,
    }
}

fn length(name: &str) -> usize {
    name.chars().count()
}

fn is_identifier(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c == '_' || c.is_alphabetic());
    begins && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}
