//! Numbers and the other literals.

use firesteel_value::{
    BigInt, FormatError, Radix,
    decimal::{digits, nearest_float},
};

use super::Reader;

/// A number that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    /// Outside of an i64.
    Big(BigInt),
    Float(f64),
}

/// A number that was read quickly; small enough for registers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quick {
    None,
    Int(i64),
    /// The bits of a float.
    Float(u64),
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    /// `NaN` or `Infinity`.
    Float(f64),
}

/// What a number is by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Int,
    Float,
    MinusInfinity,
}

impl Reader<'_> {
    /// Whether a number starts here, its sign included; not `NaN` and `Infinity`.
    #[inline]
    pub(crate) fn at_number(&self) -> bool {
        matches!(self.peek(), Some(b'0'..=b'9' | b'-'))
    }

    /// The usual forms of numbers; else nothing is consumed.
    #[inline]
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
        if whole == 0 || (whole > 1 && bytes[start] == b'0') {
            return None;
        }
        let mut byte = byte_or_end(bytes, at);
        if !matches!(byte, b'.' | b'e' | b'E') {
            if whole > 18 {
                return None;
            }
            self.pos = at;
            let number = mantissa as i64;
            return Some(Quick::Int(if negative { -number } else { number }));
        }
        let mut exponent = 0;
        if byte == b'.' {
            at += 1;
            let point = at;
            digits(bytes, &mut at, &mut mantissa);
            if at == point {
                return None;
            }
            exponent = -((at - point) as i64);
            byte = byte_or_end(bytes, at);
        }
        // The number wraps beyond 19 digits that count.
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
        }
        let number = nearest_float(mantissa, exponent)?;
        self.pos = at;
        Some(Quick::Float(if negative { -number } else { number }.to_bits()))
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> Result<Number, FormatError> {
        match self.quick_number() {
            Quick::Int(number) => Ok(Number::Int(number)),
            Quick::Float(bits) => Ok(Number::Float(f64::from_bits(bits))),
            Quick::None => self.any_number(),
        }
    }

    #[cold]
    fn any_number(&mut self) -> Result<Number, FormatError> {
        let start = self.pos;
        let form = self.scan_number()?;
        let text = &self.text[start..self.pos];
        match form {
            Form::MinusInfinity => Ok(Number::Float(f64::NEG_INFINITY)),
            Form::Float => match text.parse() {
                Ok(number) => Ok(Number::Float(number)),
                Err(_) => Err(self.syntax("invalid number")),
            },
            Form::Int => {
                let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
                let number = BigInt::from_digits(digits.len() < text.len(), digits, Radix::Decimal)
                    .map_err(|error| error.or_offset(start))?;
                Ok(number.to_i64().map_or(Number::Big(number), Number::Int))
            }
        }
    }

    /// Moves behind a number, by the grammar alone.
    pub(super) fn scan_number(&mut self) -> Result<Form, FormatError> {
        if self.peek() == Some(b'-') {
            self.pos += 1;
            if self.bytes()[self.pos..].starts_with(INFINITY) {
                self.pos += INFINITY.len();
                return Ok(Form::MinusInfinity);
            }
        }
        let mut form = Form::Int;
        if self.peek() == Some(b'0') {
            self.pos += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.syntax("a number has leading zeros"));
            }
        } else {
            self.scan_digits()?;
        }
        if self.peek() == Some(b'.') {
            form = Form::Float;
            self.pos += 1;
            self.scan_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            form = Form::Float;
            self.pos += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.pos += 1;
            }
            self.scan_digits()?;
        }
        Ok(form)
    }

    fn scan_digits(&mut self) -> Result<(), FormatError> {
        let (start, mut ignored) = (self.pos, 0);
        digits(self.bytes(), &mut self.pos, &mut ignored);
        if self.pos == start {
            return Err(self.unexpected("a digit"));
        }
        Ok(())
    }

    /// `null`, `true`, `false`, `NaN` or `Infinity`.
    #[inline]
    pub(crate) fn literal(&mut self) -> Result<Literal, FormatError> {
        let (text, literal) = match self.peek() {
            Some(b'n') => (&b"null"[..], Literal::Null),
            Some(b't') => (&b"true"[..], Literal::Bool(true)),
            Some(b'f') => (&b"false"[..], Literal::Bool(false)),
            Some(b'N') => (&b"NaN"[..], Literal::Float(f64::NAN)),
            Some(b'I') => (INFINITY, Literal::Float(f64::INFINITY)),
            _ => return Err(self.unexpected("a value")),
        };
        if !self.bytes()[self.pos..].starts_with(text) {
            return Err(self.no_literal());
        }
        self.pos += text.len();
        Ok(literal)
    }

    #[cold]
    fn no_literal(&self) -> FormatError {
        self.syntax("a name that is no value: those are null, true, false, NaN, Infinity and -Infinity")
    }
}

const INFINITY: &[u8] = b"Infinity";

/// A byte; what stands behind the end is none that could go on a number.
#[inline(always)]
fn byte_or_end(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}
