//! The characters of a pattern, as Python's parser takes them: an escape is one token.

use firesteel_proto::Value;

use super::PatternError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    /// A backslash with what follows it.
    Escape(char),
}

impl Token {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Char(_) => 1,
            Self::Escape(_) => 2,
        }
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Char(c) => write!(f, "{c}"),
            Self::Escape(c) => write!(f, "\\{c}"),
        }
    }
}

/// `Tokenizer` of Python's `re._parser`.
pub(super) struct Source<'a> {
    chars: &'a [char],
    index: usize,
    pub(super) next: Option<Token>,
}

impl<'a> Source<'a> {
    pub(super) fn new(chars: &'a [char]) -> Result<Self, PatternError> {
        let mut source = Self { chars, index: 0, next: None };
        source.advance()?;
        Ok(source)
    }

    fn advance(&mut self) -> Result<(), PatternError> {
        self.next = match (self.chars.get(self.index), self.chars.get(self.index + 1)) {
            (None, _) => None,
            (Some('\\'), None) => return Err(error(self.chars, "bad escape (end of pattern)", self.chars.len() - 1)),
            (Some('\\'), Some(c)) => Some(Token::Escape(*c)),
            (Some(c), _) => Some(Token::Char(*c)),
        };
        self.index += self.next.map_or(0, Token::len);
        Ok(())
    }

    pub(super) fn is_next(&self, c: char) -> bool {
        self.next == Some(Token::Char(c))
    }

    pub(super) fn next_char(&self, accept: impl Fn(char) -> bool) -> Option<char> {
        match self.next {
            Some(Token::Char(c)) if accept(c) => Some(c),
            _ => None,
        }
    }

    /// Takes this character, if it is the next one.
    pub(super) fn take(&mut self, c: char) -> Result<bool, PatternError> {
        let is_next = self.is_next(c);
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    pub(super) fn get(&mut self) -> Result<Option<Token>, PatternError> {
        let this = self.next;
        self.advance()?;
        Ok(this)
    }

    /// Takes up to `max` characters of a kind.
    pub(super) fn take_while(&mut self, max: usize, accept: impl Fn(char) -> bool) -> Result<String, PatternError> {
        let mut text = String::new();
        for _ in 0..max {
            let Some(c) = self.next_char(&accept) else { break };
            text.push(c);
            self.advance()?;
        }
        Ok(text)
    }

    /// Takes what stands before `end`, and that.
    pub(super) fn take_until(&mut self, end: char, name: &str) -> Result<String, PatternError> {
        let mut text = String::new();
        loop {
            let this = self.get()?;
            match this {
                None if text.is_empty() => return Err(self.error(format_args!("missing {name}"), 0)),
                None => {
                    let message = format_args!("missing {end}, unterminated name");
                    return Err(self.error(message, text.chars().count()));
                }
                Some(Token::Char(c)) if c == end => {
                    if text.is_empty() {
                        return Err(self.error(format_args!("missing {name}"), 1));
                    }
                    return Ok(text);
                }
                Some(token) => text.push_str(&token.to_string()),
            }
        }
    }

    pub(super) fn tell(&self) -> usize {
        self.index - self.next.map_or(0, Token::len)
    }

    pub(super) fn seek(&mut self, index: usize) -> Result<(), PatternError> {
        self.index = index;
        self.advance()
    }

    /// An error so many characters before here.
    pub(super) fn error(&self, message: impl std::fmt::Display, back: usize) -> PatternError {
        error(self.chars, message, self.tell().saturating_sub(back))
    }
}

/// `re.error`: the text, the place, and where there are several lines, which one.
pub(super) fn error(chars: &[char], message: impl std::fmt::Display, at: usize) -> PatternError {
    let mut text = format!("{message} at position {at}");
    if chars.contains(&'\n') {
        let before = &chars[..at.min(chars.len())];
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        text.push_str(&format!(" (line {line}, column {column})"));
    }
    PatternError::new(text)
}

/// As Python's `repr` shows it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
