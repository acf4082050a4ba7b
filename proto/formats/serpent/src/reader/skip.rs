//! Skipping a value: everything is checked as if it were read, and nothing is kept.

use firesteel_value::FormatError;

use super::{Number, Progress, Quick, Reader, number::Form};

impl Reader<'_> {
    /// Skips any value, but not a tuple without parentheses.
    pub(crate) fn skip_value(&mut self) -> Result<(), FormatError> {
        self.skip_space()?;
        self.skip_any().map(drop)
    }

    /// A number is given back, as more of it may follow behind a parenthesis.
    fn skip_any(&mut self) -> Result<Option<(Number, Form)>, FormatError> {
        match self.peek() {
            Some(b'[') => {
                self.check_hashable("list")?;
                self.enter()?;
                self.skip_elements(b']')?;
            }
            Some(b'{') => {
                self.check_hashable("set")?;
                self.enter()?;
                self.skip_pairs()?;
            }
            Some(b'(') => return self.skip_paren(),
            _ if self.at_number() => {
                match self.quick_number() {
                    Quick::Int(number) => return Ok(Some((Number::Int(number), Form::Plain))),
                    Quick::Float(bits) => return Ok(Some((Number::Float(f64::from_bits(bits)), Form::Plain))),
                    Quick::None => {}
                }
                // A parenthesis behind a sign belongs to the number.
                let (number, form) = self.term()?;
                return self.sum(number, form).map(Some);
            }
            _ if self.at_string() => drop(self.string()?),
            _ => drop(self.name()?),
        }
        Ok(None)
    }

    fn skip_elements(&mut self, close: u8) -> Result<(), FormatError> {
        let mut progress = Progress::default();
        while self.next_in(close, &mut progress)? {
            self.skip_any()?;
        }
        self.leave(close)
    }

    fn skip_pairs(&mut self) -> Result<(), FormatError> {
        let (mut progress, mut dict) = (Progress::default(), None);
        while self.next_in(b'}', &mut progress)? {
            let before = self.begin_hashing();
            self.skip_any()?;
            self.end_hashing(before);
            self.skip_space()?;
            if *dict.get_or_insert(self.peek() == Some(b':')) {
                self.colon()?;
                self.skip_value()?;
            }
        }
        self.leave(b'}')
    }

    fn skip_paren(&mut self) -> Result<Option<(Number, Form)>, FormatError> {
        self.enter()?;
        let mut progress = Progress::default();
        if !self.next_in(b')', &mut progress)? {
            self.leave(b')')?;
            return Ok(None);
        }
        let number = self.skip_any()?;
        self.skip_space()?;
        if self.peek() == Some(b',') {
            while self.next_in(b')', &mut progress)? {
                self.skip_any()?;
            }
            self.leave(b')')?;
            return Ok(None);
        }
        self.leave(b')')?;
        match number {
            Some((number, form)) => self.sum(number, form).map(Some),
            None => Ok(None),
        }
    }
}
