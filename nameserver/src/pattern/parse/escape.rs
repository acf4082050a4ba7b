//! What begins with a backslash.

use super::Parser;
use crate::pattern::PatternError;
use crate::pattern::node::{Category, Node, Place, SetItem};

impl Parser<'_> {
    /// Outside of sets.
    pub(super) fn escape(&mut self, c: char) -> Result<Node, PatternError> {
        let place = match c {
            'A' => Some(Place::TextBeginning),
            'Z' => Some(Place::TextEnd),
            'b' => Some(Place::Boundary),
            'B' => Some(Place::NoBoundary),
            _ => None,
        };
        if let Some(place) = place {
            return Ok(Node::At(place));
        }
        if let Some(category) = category(c) {
            return Ok(Node::Set { negate: false, items: vec![category] });
        }
        match c {
            '0' => {
                let digits = self.source.take_while(2, is_octal)?;
                Ok(Node::Literal(u32::from_str_radix(&format!("0{digits}"), 8).unwrap_or_default()))
            }
            '1'..='9' => self.number(c),
            _ => self.character(c).map(Node::Literal),
        }
    }

    /// In a set.
    pub(super) fn set_escape(&mut self, c: char) -> Result<SetItem, PatternError> {
        if let Some(category) = category(c) {
            return Ok(category);
        }
        match c {
            'b' => Ok(SetItem::Char(8)),
            '0'..='7' => {
                let digits = self.source.take_while(2, is_octal)?;
                self.octal(format!("{c}{digits}")).map(SetItem::Char)
            }
            '8' | '9' => Err(self.source.error(format_args!("bad escape \\{c}"), 2)),
            _ => self.character(c).map(SetItem::Char),
        }
    }

    /// A group, or a character by its octal number.
    fn number(&mut self, c: char) -> Result<Node, PatternError> {
        let mut digits = c.to_string();
        digits.push_str(&self.source.take_while(1, |c| c.is_ascii_digit())?);
        if digits.len() == 2 && digits.chars().all(is_octal) && self.source.next_char(is_octal).is_some() {
            digits.push_str(&self.source.take_while(1, is_octal)?);
            return self.octal(digits).map(Node::Literal);
        }
        let group: usize = digits.parse().unwrap_or_default();
        if group >= self.widths.len() {
            return Err(self.source.error(format_args!("invalid group reference {group}"), digits.len()));
        }
        if self.widths[group].is_none() {
            return Err(self.source.error("cannot refer to an open group", digits.len() + 1));
        }
        self.check_behind(group)?;
        Ok(Node::Reference(group))
    }

    fn octal(&self, digits: String) -> Result<u32, PatternError> {
        let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
        if code > 0o377 {
            let message = format_args!("octal escape value \\{digits} outside of range 0-0o377");
            return Err(self.source.error(message, digits.len() + 1));
        }
        Ok(code)
    }

    /// One character.
    fn character(&mut self, c: char) -> Result<u32, PatternError> {
        let digits = match c {
            'a' => return Ok(7),
            'f' => return Ok(12),
            'n' => return Ok(10),
            'r' => return Ok(13),
            't' => return Ok(9),
            'v' => return Ok(11),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'N' => {
                if !self.source.take('{')? {
                    return Err(self.source.error("missing {", 0));
                }
                self.source.take_until('}', "character name")?;
                return Err(PatternError::new(
                    "characters by their names (\\N{...}) are not supported: use \\u or \\U",
                ));
            }
            letter if letter.is_ascii_alphabetic() => {
                return Err(self.source.error(format_args!("bad escape \\{c}"), 2));
            }
            other => return Ok(other.into()),
        };
        let text = self.source.take_while(digits, |c| c.is_ascii_hexdigit())?;
        if text.len() != digits {
            return Err(self.source.error(format_args!("incomplete escape \\{c}{text}"), text.len() + 2));
        }
        match u32::from_str_radix(&text, 16) {
            Ok(code) if code <= u32::from(char::MAX) => Ok(code),
            _ => Err(self.source.error(format_args!("bad escape \\{c}{text}"), text.len() + 2)),
        }
    }
}

fn is_octal(c: char) -> bool {
    ('0'..='7').contains(&c)
}

fn category(c: char) -> Option<SetItem> {
    let category = match c.to_ascii_lowercase() {
        'd' => Category::Digit,
        's' => Category::Space,
        'w' => Category::Word,
        _ => return None,
    };
    Some(SetItem::Category { category, negate: c.is_ascii_uppercase() })
}
