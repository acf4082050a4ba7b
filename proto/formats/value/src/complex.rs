//! Complex numbers, which serde's model lacks.

use std::fmt;

use serde::{
    de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor},
    ser::{Serialize, Serializer},
};

use crate::{names, pyrepr};

/// Python's `complex`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

impl Complex {
    /// A complex number from its two parts.
    pub const fn new(re: f64, im: f64) -> Complex {
        Complex { re, im }
    }
}

impl From<f64> for Complex {
    fn from(re: f64) -> Complex {
        Complex { re, im: 0.0 }
    }
}

/// Python's repr: `(1+2j)`, `2j`, `(-0-0j)`.
impl fmt::Display for Complex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(48);
        pyrepr::complex(&mut text, *self);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl Serialize for Complex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(names::COMPLEX, &(self.re, self.im))
    }
}

impl<'de> Deserialize<'de> for Complex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Complex, D::Error> {
        deserializer.deserialize_newtype_struct(names::COMPLEX, ComplexVisitor)
    }
}

struct ComplexVisitor;

impl<'de> Visitor<'de> for ComplexVisitor {
    type Value = Complex;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a complex number")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Complex, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_f64<E>(self, re: f64) -> Result<Complex, E> {
        Ok(re.into())
    }

    fn visit_i64<E>(self, re: i64) -> Result<Complex, E> {
        Ok((re as f64).into())
    }

    fn visit_u64<E>(self, re: u64) -> Result<Complex, E> {
        Ok((re as f64).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Complex, A::Error> {
        let missing = |n| de::Error::invalid_length(n, &"the two parts of a complex number");
        let re = seq.next_element()?.ok_or_else(|| missing(0))?;
        let im = seq.next_element()?.ok_or_else(|| missing(1))?;
        match seq.next_element::<de::IgnoredAny>()? {
            None => Ok(Complex { re, im }),
            Some(_) => Err(missing(3)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Complex, A::Error> {
        let (mut re, mut im) = (None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Real => re = Some(map.next_value()?),
                Key::Imag => im = Some(map.next_value()?),
                Key::Other => drop(map.next_value::<de::IgnoredAny>()?),
            }
        }
        match (re, im) {
            (Some(re), Some(im)) => Ok(Complex { re, im }),
            (None, _) => Err(de::Error::missing_field("real")),
            (_, None) => Err(de::Error::missing_field("imag")),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Real,
    Imag,
    #[serde(other)]
    Other,
}
