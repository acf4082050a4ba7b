//! Python's `repr` of floats, complex numbers, strings and bytes, byte for byte as Python 3.11 writes it.
//!
//! The functions append to a `Vec<u8>`; what they append is UTF-8.

mod printable;
pub(crate) mod special;
mod text;

use crate::Complex;

pub use text::{bytearray, bytes, str};

/// `repr(float)`: the shortest digits that read back as the same float, in Python's layout: `0.1`, `1e+16`, `1e-05`.
#[inline]
pub fn float(out: &mut Vec<u8>, number: f64) {
    let mut buffer = zmij::Buffer::new();
    let magnitude = number.abs();
    if (1e-4..=f64::MAX).contains(&magnitude) || magnitude == 0.0 {
        out.extend_from_slice(buffer.format_finite(number).as_bytes());
    } else if number.is_finite() {
        small(out, buffer.format_finite(number));
    } else {
        out.extend_from_slice(match number {
            f64::INFINITY => b"inf",
            f64::NEG_INFINITY => b"-inf",
            _ => b"nan",
        });
    }
}

/// `repr(complex)`: `(1+2j)`, `2j`, `(-0-0j)`.
pub fn complex(out: &mut Vec<u8>, number: Complex) {
    let real = number.re != 0.0 || number.re.is_sign_negative();
    if real {
        out.push(b'(');
        part(out, number.re);
        if !number.im.is_sign_negative() || number.im.is_nan() {
            out.push(b'+');
        }
    }
    part(out, number.im);
    out.extend_from_slice(if real { b"j)" } else { b"j" });
}

/// A float as a part of a complex number: without `.0`.
fn part(out: &mut Vec<u8>, number: f64) {
    float(out, number);
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}

/// Numbers below 1e-4: Python always writes an exponent of at least two digits.
fn small(out: &mut Vec<u8>, text: &str) {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    out.extend_from_slice(sign.as_bytes());
    if let Some(digits) = text.strip_prefix("0.0000") {
        out.extend_from_slice(&digits.as_bytes()[..1]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits.as_bytes()[1..]);
        }
        out.extend_from_slice(b"e-05");
    } else {
        match text.split_once("e-") {
            Some((digits, exponent)) if exponent.len() == 1 => {
                out.extend_from_slice(digits.as_bytes());
                out.extend_from_slice(b"e-0");
                out.extend_from_slice(exponent.as_bytes());
            }
            _ => out.extend_from_slice(text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(number: f64) -> String {
        let mut out = Vec::new();
        float(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_have_the_layout_of_python() {
        for text in [
            "0.0",
            "-0.0",
            "1.0",
            "0.1",
            "1000000000000000.0",
            "1e+16",
            "1.5e+16",
            "1e+22",
            "1e+100",
            "0.0001",
            "0.00012",
            "1e-05",
            "1.5e-05",
            "-1.234567e-05",
            "1e-06",
            "1.234e-07",
            "-1e-07",
            "1e-10",
            "5e-324",
            "123456.789",
            "1.7976931348623157e+308",
            "9999999999999998.0",
            "1.2345678901234568e+17",
            "9.999999999999999e-05",
            "inf",
            "-inf",
        ] {
            assert_eq!(repr(text.parse().unwrap()), text);
        }
        assert_eq!(repr(f64::NAN), "nan");
        assert_eq!(repr(-f64::NAN), "nan");
    }

    #[test]
    fn complex_numbers_show_the_sign_of_zero() {
        for (re, im, text) in [
            (1.0, 2.0, "(1+2j)"),
            (0.0, 2.0, "2j"),
            (0.0, -0.0, "-0j"),
            (-0.0, 0.0, "(-0+0j)"),
            (1.5, -2.5, "(1.5-2.5j)"),
            (f64::NAN, f64::NAN, "(nan+nanj)"),
            (f64::INFINITY, f64::NEG_INFINITY, "(inf-infj)"),
            (1e16, 1e-5, "(1e+16+1e-05j)"),
        ] {
            assert_eq!(Complex::new(re, im).to_string(), text);
        }
    }
}
