//! `[...]`

use super::Parser;
use crate::pattern::PatternError;
use crate::pattern::node::{Node, SetItem};
use crate::pattern::source::Token;

impl Parser<'_> {
    pub(super) fn set(&mut self) -> Result<Node, PatternError> {
        let here = self.source.tell() - 1;
        let mut items: Vec<SetItem> = Vec::new();
        let negate = self.source.take('^')?;
        loop {
            let this = self.next_of_set(here)?;
            if this == Token::Char(']') && !items.is_empty() {
                break;
            }
            let low = self.item(this)?;
            if !self.source.take('-')? {
                items.push(low);
                continue;
            }
            let that = self.next_of_set(here)?;
            if that == Token::Char(']') {
                items.extend([low, SetItem::Char('-'.into())]);
                break;
            }
            match (low, self.item(that)?) {
                (SetItem::Char(low), SetItem::Char(high)) if low <= high => items.push(SetItem::Range(low, high)),
                _ => {
                    let message = format_args!("bad character range {this}-{that}");
                    return Err(self.source.error(message, this.len() + 1 + that.len()));
                }
            }
        }
        Ok(match items[..] {
            [SetItem::Char(only)] if !negate => Node::Literal(only),
            _ => Node::Set { negate, items },
        })
    }

    fn next_of_set(&mut self, here: usize) -> Result<Token, PatternError> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => {
                let back = self.source.tell() - here;
                Err(self.source.error("unterminated character set", back))
            }
        }
    }

    fn item(&mut self, token: Token) -> Result<SetItem, PatternError> {
        match token {
            Token::Escape(c) => self.set_escape(c),
            Token::Char(c) => Ok(SetItem::Char(c.into())),
        }
    }
}
