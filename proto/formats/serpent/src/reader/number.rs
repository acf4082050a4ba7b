//! Numbers, and the sums of a real and an imaginary number that `ast.literal_eval` takes for complex ones.

use firesteel_value::{
    BigInt, Complex, FormatError, FormatErrorKind, Radix,
    decimal::{digits, nearest_float},
};

use super::{Reader, is_delimiter, is_name_byte};

/// A number that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    /// Outside of an i64.
    Big(BigInt),
    Float(f64),
    Complex(Complex),
}

/// A number that was read quickly; small enough for registers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quick {
    None,
    Int(i64),
    /// The bits of a float.
    Float(u64),
}

/// What a number was made of, which decides what may be done with it: `-(-1)` and `1+2j+3j` are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Signed,
    Sum,
}

impl Number {
    fn imaginary(im: f64) -> Number {
        Number::Complex(Complex::new(0.0, im))
    }

    fn negated(self) -> Number {
        match self {
            Number::Int(number) => match number.checked_neg() {
                Some(number) => Number::Int(number),
                None => Number::Big((-i128::from(number)).into()),
            },
            Number::Big(number) => {
                let number = BigInt::from_magnitude_le(!number.is_negative(), &number.magnitude_le());
                number.to_i64().map_or(Number::Big(number), Number::Int)
            }
            Number::Float(number) => Number::Float(-number),
            Number::Complex(number) => Number::Complex(Complex::new(-number.re, -number.im)),
        }
    }
}

impl Reader<'_> {
    /// Whether a number starts here, its sign included.
    #[inline]
    pub(crate) fn at_number(&self) -> bool {
        match self.peek() {
            Some(b'0'..=b'9' | b'+' | b'-') => true,
            Some(b'.') => self.peek_at(1).is_some_and(|byte| byte.is_ascii_digit()),
            _ => false,
        }
    }

    /// A number with all that belongs to it, behind `groups` parentheses that were entered already.
    pub(crate) fn number(&mut self, groups: usize) -> Result<Number, FormatError> {
        if groups == 0 {
            match self.quick_number() {
                Quick::Int(number) => return Ok(Number::Int(number)),
                Quick::Float(bits) => return Ok(Number::Float(f64::from_bits(bits))),
                Quick::None => {}
            }
        }
        let (number, form) = self.term()?;
        let (mut number, mut form) = self.sum(number, form)?;
        for _ in 0..groups {
            self.leave(b')')?;
            (number, form) = self.sum(number, form)?;
        }
        Ok(number)
    }

    /// The usual forms of ints and floats, if what ends a value follows at once; else nothing is consumed.
    pub(crate) fn quick_number(&mut self) -> Quick {
        self.try_quick_number().unwrap_or(Quick::None)
    }

    #[inline(always)]
    fn try_quick_number(&mut self) -> Option<Quick> {
        let bytes = self.bytes();
        let negative = self.peek()? == b'-';
        let start = self.pos + usize::from(negative);
        let (mut at, mut mantissa) = (start, 0);
        digits(bytes, &mut at, &mut mantissa);
        let whole = at - start;
        let mut byte = byte_or_end(bytes, at);
        if is_delimiter(byte) {
            if whole == 0 || whole > 18 || (whole > 1 && bytes[start] == b'0') {
                return None;
            }
            self.pos = at;
            let number = mantissa as i64;
            return Some(Quick::Int(if negative { -number } else { number }));
        }
        if whole == 0 {
            return None;
        }
        let mut exponent = 0;
        if byte == b'.' {
            at += 1;
            let point = at;
            digits(bytes, &mut at, &mut mantissa);
            exponent = -((at - point) as i64);
            byte = byte_or_end(bytes, at);
        }
        // The sum wraps beyond 19 digits that count.
        let total = whole + exponent.unsigned_abs() as usize;
        if total > 19 {
            let zeros = bytes[start..at].iter().take_while(|byte| matches!(byte, b'0' | b'.')).count();
            if total > 19 + zeros.saturating_sub(1) {
                return None;
            }
        }
        if matches!(byte, b'e' | b'E') {
            at += 1;
            let minus = *bytes.get(at)? == b'-';
            at += usize::from(minus || bytes[at] == b'+');
            let (first, mut scale) = (at, 0);
            digits(bytes, &mut at, &mut scale);
            if at == first || at - first > 5 {
                return None;
            }
            exponent += if minus { -(scale as i64) } else { scale as i64 };
            byte = byte_or_end(bytes, at);
        }
        if !is_delimiter(byte) {
            return None;
        }
        let number = nearest_float(mantissa, exponent)?;
        self.pos = at;
        Some(Quick::Float(if negative { -number } else { number }.to_bits()))
    }

    /// A number without or with a sign, perhaps in parentheses of its own.
    pub(super) fn term(&mut self) -> Result<(Number, Form), FormatError> {
        let sign = self.peek().filter(|byte| matches!(byte, b'+' | b'-'));
        if sign.is_some() {
            self.pos += 1;
            self.skip_space()?;
        }
        let (number, form) = self.atom()?;
        match sign {
            None => Ok((number, form)),
            Some(_) if form != Form::Plain => Err(self.malformed()),
            Some(b'-') => Ok((number.negated(), Form::Signed)),
            Some(_) => Ok((number, Form::Signed)),
        }
    }

    fn atom(&mut self) -> Result<(Number, Form), FormatError> {
        match self.peek() {
            Some(b'0'..=b'9') => Ok((self.literal()?, Form::Plain)),
            Some(b'.') if self.at_number() => Ok((self.literal()?, Form::Plain)),
            Some(b'(') => {
                self.enter()?;
                self.skip_space()?;
                let (number, form) = self.term()?;
                let result = self.sum(number, form)?;
                self.leave(b')')?;
                Ok(result)
            }
            _ => Err(self.unexpected("a number")),
        }
    }

    /// What may follow a real number: plus or minus an imaginary one.
    pub(super) fn sum(&mut self, number: Number, form: Form) -> Result<(Number, Form), FormatError> {
        self.skip_space()?;
        let Some(sign @ (b'+' | b'-')) = self.peek() else {
            return Ok((number, form));
        };
        let left = match &number {
            Number::Int(number) => *number as f64,
            Number::Float(number) => *number,
            Number::Big(number) => number.to_f64().ok_or_else(|| {
                let message = "int too large to convert to float";
                FormatError::at(FormatErrorKind::NumberRange, self.pos, message)
            })?,
            Number::Complex(_) => return Err(self.malformed()),
        };
        if form == Form::Sum {
            return Err(self.malformed());
        }
        self.pos += 1;
        self.skip_space()?;
        let (Number::Complex(right), Form::Plain) = self.atom()? else {
            return Err(self.malformed());
        };
        // Adding the zero as Python does decides about the sign of a zero.
        let sum = match sign {
            b'+' => Complex::new(left + right.re, 0.0 + right.im),
            _ => Complex::new(left - right.re, 0.0 - right.im),
        };
        Ok((Number::Complex(sum), Form::Sum))
    }

    /// A number without a sign, by the grammar of Python's tokenizer.
    fn literal(&mut self) -> Result<Number, FormatError> {
        let start = self.pos;
        let radix = match (self.peek(), self.peek_at(1)) {
            (Some(b'0'), Some(b'x' | b'X')) => Radix::Hexadecimal,
            (Some(b'0'), Some(b'o' | b'O')) => Radix::Octal,
            (Some(b'0'), Some(b'b' | b'B')) => Radix::Binary,
            _ => Radix::Decimal,
        };
        if radix != Radix::Decimal {
            self.pos += 2;
            if self.peek() == Some(b'_') {
                self.pos += 1;
            }
            self.tail(radix)?;
            self.number_ends()?;
            return self.integer(&self.bytes()[start + 2..self.pos], radix, start);
        }
        let mut float = false;
        if self.peek() != Some(b'.') {
            self.tail(Radix::Decimal)?;
        }
        let whole = &self.bytes()[start..self.pos];
        if self.peek() == Some(b'.') {
            float = true;
            self.pos += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                self.tail(Radix::Decimal)?;
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            float = true;
            self.pos += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.pos += 1;
            }
            self.tail(Radix::Decimal)?;
        }
        let text = self.checked_slice(start, self.pos)?;
        if let Some(b'j' | b'J') = self.peek() {
            self.pos += 1;
            self.number_ends()?;
            return Ok(Number::imaginary(self.slow_float(text)?));
        }
        self.number_ends()?;
        if float {
            return Ok(Number::Float(self.slow_float(text)?));
        }
        if whole[0] == b'0' {
            if whole.iter().all(|byte| matches!(byte, b'0' | b'_')) {
                return Ok(Number::Int(0));
            }
            let message = "leading zeros in decimal integer literals are not permitted";
            return Err(FormatError::at(FormatErrorKind::Syntax, start, message));
        }
        self.integer(whole, Radix::Decimal, start)
    }

    /// At least one digit, with single underscores between digits.
    fn tail(&mut self, radix: Radix) -> Result<(), FormatError> {
        loop {
            let first = self.pos;
            while self.peek().is_some_and(|byte| char::from(byte).is_digit(radix as u32)) {
                self.pos += 1;
            }
            if self.pos == first {
                return Err(self.unexpected("a digit"));
            }
            if self.peek() != Some(b'_') {
                return Ok(());
            }
            self.pos += 1;
        }
    }

    fn number_ends(&self) -> Result<(), FormatError> {
        match self.peek() {
            Some(byte) if is_name_byte(byte) => Err(self.unexpected("the end of the number")),
            _ => Ok(()),
        }
    }

    fn integer(&self, digits: &[u8], radix: Radix, start: usize) -> Result<Number, FormatError> {
        let number = BigInt::from_digits(false, digits, radix).map_err(|error| error.or_offset(start))?;
        Ok(number.to_i64().map_or(Number::Big(number), Number::Int))
    }

    #[cold]
    fn slow_float(&self, text: &str) -> Result<f64, FormatError> {
        let parsed = if text.contains('_') { text.replace('_', "").parse() } else { text.parse() };
        parsed.map_err(|_| self.syntax("invalid number"))
    }

    #[cold]
    fn malformed(&self) -> FormatError {
        self.syntax("malformed number: only a real plus or minus an imaginary number can be added")
    }
}

/// A byte; the end of the text ends a number as a delimiter does.
#[inline(always)]
fn byte_or_end(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(b',')
}
