//! Texts to read: valid, nearly valid, and random ones.

use firesteel_formats_testkit::Rng;

/// What the grammar of JSON and Python's additions to it turn on.
pub const TEXTS: &[&str] = &[
    // Nothing, white space, what follows.
    "",
    " ",
    "\n",
    " \t\n\r1 \t\n\r",
    "\x0b1",
    "\x0c1",
    "\u{a0}1",
    "\u{2028}1",
    "1\u{85}",
    "\u{feff}1",
    "\u{feff}",
    " \u{feff}1",
    "1\u{feff}",
    "1 1",
    "1,",
    "[] []",
    "[]]",
    "{}}",
    "1\0",
    "\0",
    "null\0",
    "1 //",
    "/**/1",
    "#1",
    "1#",
    "[1]x",
    "\"a\"b",
    // Names.
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    "-Infinity",
    "[NaN, Infinity, -Infinity]",
    "Null",
    "None",
    "True",
    "nul",
    "nulll",
    "nan",
    "inf",
    "Inf",
    "-NaN",
    "+NaN",
    "-Infinit",
    "-Infinityx",
    "Infinit",
    "+Infinity",
    "- Infinity",
    "-I",
    "-N",
    "infinity",
    "tru",
    "fals",
    "t",
    "f",
    "n",
    "N",
    "I",
    "[nul]",
    "[truefalse]",
    "undefined",
    "nullnull",
    "[true,false,null]",
    // Numbers.
    "0",
    "-0",
    "-0.0",
    "0.0",
    "-0e1",
    "-0e-1",
    "00",
    "01",
    "-01",
    "0x1",
    "0b1",
    "0o1",
    "1_000",
    "1.",
    ".5",
    "-.5",
    "1.e1",
    "1.5.5",
    "+1",
    "-",
    "--1",
    "- 1",
    "1-",
    "1+1",
    "1e",
    "1e+",
    "1e-",
    "1E",
    "1.0e",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "1E+05",
    "1e0005",
    "0e1",
    "0e+1",
    "0e",
    "0E+",
    "0.e1",
    "1.0E+",
    "1ea",
    "1e1.5",
    "1e 5",
    "1 e5",
    "1.2e3e4",
    "1j",
    "1L",
    "1f",
    "2.e3",
    "0.1",
    "0.30000000000000004",
    "123456789012345678",
    "1234567890123456789",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "170141183460469231731687303715884105727",
    "170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105729",
    "340282366920938463463374607431768211456",
    "1e308",
    "1e309",
    "-1e309",
    "1e400",
    "1e-400",
    "-1e-400",
    "5e-324",
    "2e-324",
    "3e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "2.2250738585072011e-308",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "9007199254740993.0",
    "9007199254740993e0",
    "9007199254740992.5",
    "1e22",
    "1e23",
    "8.5e22",
    "0.000000000000000000000000000000000000000000001",
    "123456789012345678901234567890.5",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "0e99999999999999999999",
    "0.0000000000000000000000000000000000000000e9999",
    "1e00000000000000001",
    "100000000000000000000000000000000000000000000.0",
    "1.00000000000000000000000000000000000000000000000001",
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692\
     8872246018",
    "\u{663}",
    "1\u{663}",
    "[-]",
    "[1.]",
    "[.1]",
    "[+1]",
    "[- 1]",
    "[-foo]",
    "[1a]",
    "[0e]",
    "[1eE2]",
    "[-012]",
    "[0.1.2]",
    "[123123e100000]",
    "[-1x]",
    "[1 000.0]",
    "[-2.]",
    "[2.e-3]",
    "[++1]",
    "[１]",
    "[-123.0]",
    "[20e1]",
    // Strings.
    "\"\"",
    "\"a\"",
    "\"",
    "\"a",
    "'a'",
    "\"a'",
    "a",
    "\"\\\"",
    "\"\\\\\"",
    "\"\\\\\\\"",
    "\"\\",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\a\"",
    "\"\\x41\"",
    "\"\\0\"",
    "\"\\'\"",
    "\"\\v\"",
    "\"\\U0041\"",
    "\"\\u0041\"",
    "\"\\u004\"",
    "\"\\u00\"",
    "\"\\u\"",
    "\"\\u004",
    "\"\\u",
    "\"\\u004G\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83dx\"",
    "\"\\ud83d\\n\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ud83d\\ud83d\\ude00\"",
    "\"\\ud83d\\\"",
    "\"\\ud83d\\u\"",
    "\"\\ud83d\\ude0\"",
    "\"\\ud83d\\uZZZZ\"",
    "\"\\udbff\\udfff\"",
    "\"\\ud800\\udc00\"",
    "\"\\ud800\\ue000\"",
    "\"\\uffff\\ufffe\"",
    "\"\\u0000\"",
    "\"\\u+041\"",
    "\"\\u 041\"",
    "\"\\u0_41\"",
    "\"\\u-041\"",
    "\"\\u0x41\"",
    "\"\\u\u{663}\u{663}\u{663}\u{663}\"",
    "\"\x00\"",
    "\"\x1f\"",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"a\rb\"",
    "\"\x7f\"",
    "\"\u{80}\"",
    "\"\u{2028}\u{2029}\"",
    "\"ä€😀\"",
    "\"ä",
    "\"ä\\n€\"",
    "\"12345678\"",
    "\"1234567\"",
    "\"12345678",
    "\"1234567\\\"",
    "\"12345678\\n12345678\"",
    "\"\\u00e4\"",
    "\"\\u00E4\"",
    "\"\\uFEFF\"",
    "\"\u{feff}\"",
    "\"a\" \"b\"",
    "b\"a\"",
    "u\"a\"",
    "\"\"\"a\"\"\"",
    "\"\\\u{e4}\"",
    "\"a\\\nb\"",
    "\"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890\"",
    // Lists.
    "[]",
    "[ ]",
    "[\n]",
    "[1]",
    "[1,2]",
    "[1 , 2]",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[",
    "[1",
    "[1,",
    "[1, ",
    "]",
    "[}",
    "[1}",
    "[[]]",
    "[[],[]]",
    "[[[[1]]]]",
    "[[",
    "[[]",
    "[]]",
    "[1:2]",
    "[\"a\"",
    "[\"a\",",
    "[null",
    "[1;2]",
    "(1,2)",
    "[...]",
    "[1,\n2\n,3\n]",
    "[\"\",\"\"]",
    "[\"a\"\"b\"]",
    "[\"a\":1]",
    "[1.5,\"a\",null,[true],{\"b\":false}]",
    "[\x0b1]",
    "[1\u{a0}]",
    // Dicts.
    "{}",
    "{ }",
    "{\n}",
    "{\"a\":1}",
    "{ \"a\" : 1 }",
    "{\"a\":1,\"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"b\":2,\"a\":[3]}",
    "{\"\":1}",
    "{\"a\\u0000\":1}",
    "{\"a\":{\"b\":{}}}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\"::1}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "{null:1}",
    "{\"a\",1}",
    "{",
    "{\"",
    "{\"a",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1, ",
    "{]",
    "}",
    "{\"a\":1]",
    "{{}:1}",
    "{[]:1}",
    "{true:1}",
    "{\"a\":1}}",
    "{:1}",
    "{\"a\":1:2}",
    "{\"a\\ud800\":1}",
    "{\"\\ud83d\\ude00\":1}",
    "{\"a\x01\":1}",
    "{*}",
    "{\"a\":/*1*/2}",
    "{\"a\"\n:\n1\n}",
    // What is more than a dict.
    "{\"__class__\":\"a.B\",\"x\":1}",
    "{\"x\":1,\"__class__\":\"a.B\"}",
    "{\"__class__\":1}",
    "{\"__class__\":\"a\",\"__class__\":2}",
    "{\"__class__\":\"float\",\"value\":\"nan\"}",
    "{\"__class__\":\"float\",\"value\":\"inf\"}",
    "{\"__class__\":\"float\",\"value\":1}",
    "{\"__class__\":\"complex\",\"real\":1,\"imag\":2.5}",
    "{\"__class__\":\"complex\",\"real\":\"1\",\"imag\":2}",
    "{\"__class__\":\"complex\",\"real\":NaN,\"imag\":-Infinity}",
    "{\"__class__\":\"set\"}",
    "{\"data\":\"aGkh\",\"encoding\":\"base64\"}",
];

/// Texts that are too long to write down, and some that are not UTF-8.
pub fn long_texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        &b"\"\xff\""[..],
        b"\xff",
        b"\"\xc3\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xed\xa0\xbd\xed\xb8\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xc0\x80\"",
        b"\"\xe2\x82\"",
        b"[\xe2\x82\xac]",
        b"\xef\xbb\xbf{}",
        b"\xef\xbb",
        b"1\0\0\0",
        b"\"\0a\0\"",
        b"\xfe\xff\0\"",
        b"\xff\xfe\"\0",
        b"\"a\xcc\x88\"",
    ]
    .iter()
    .map(|text| text.to_vec())
    .collect();
    for digits in [19, 20, 38, 39, 40, 100, 309, 310, 4299, 4300, 4301, 10_000] {
        for (before, after) in
            [("", ""), ("-", ""), ("", ".0"), ("0.", ""), ("", "e-5"), ("1e", ""), ("1e-", ""), ("[", "]")]
        {
            for digit in ["1", "9", "0"] {
                texts.push(format!("{before}{}{after}", digit.repeat(digits)).into_bytes());
                texts.push(format!("{before}1{}{after}", digit.repeat(digits)).into_bytes());
            }
        }
    }
    for length in (0..70).chain([127, 128, 129, 1000]) {
        for end in ["\"", "\\n\"", "ä\"", "\n\"", "\\", "", "\\ud83d\\ude00\""] {
            texts.push(format!("\"{}{end}", "x".repeat(length)).into_bytes());
            texts.push(format!("[\"{}{end}, \"tail\"]", "é".repeat(length)).into_bytes());
        }
    }
    for levels in [1, 2, 50, 199, 200] {
        texts.push(format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes());
        texts.push(format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels)).into_bytes());
    }
    texts
}

/// A random text, valid nearly always.
pub fn text(rng: &mut Rng) -> String {
    let mut out = String::new();
    space(rng, &mut out);
    value(rng, 4, &mut out);
    space(rng, &mut out);
    out
}

/// Changes a text at a character or two to something that could matter.
pub fn mutate(rng: &mut Rng, text: &str) -> String {
    const PIECES: &[&str] = &[
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "\\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        " ",
        "\n",
        "\t",
        "0",
        "1",
        "9",
        "-",
        "+",
        ".",
        "e",
        "E5",
        "null",
        "true",
        "NaN",
        "Infinity",
        "-Infinity",
        "\x00",
        "\x1f",
        "ä",
        "\u{feff}",
        "\"a\":",
        "1e999",
        "x",
        "''",
        "",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    let at = rng.below(chars.len() + 1);
    let end = (at + rng.below(3)).min(chars.len());
    chars.splice(at..end, rng.pick(PIECES).chars());
    if rng.below(8) == 0 {
        chars.truncate(rng.below(chars.len() + 1));
    }
    chars.into_iter().collect()
}

fn space(rng: &mut Rng, out: &mut String) {
    out.push_str(rng.pick(&["", "", "", "", " ", " ", "\n", "\t", "\r\n", "  ", " \t\n\r "]));
}

fn value(rng: &mut Rng, depth: usize, out: &mut String) {
    match rng.below(if depth == 0 { 8 } else { 12 }) {
        0 => out.push_str(rng.pick(&["null", "true", "false", "NaN", "Infinity", "-Infinity", "[]", "{}"])),
        1 => out.push_str(&(rng.next() as i64 >> rng.below(64)).to_string()),
        2..=4 => number(rng, out),
        5..=7 => string(rng, out),
        8 | 9 => {
            out.push('[');
            items(rng, out, |rng, out| value(rng, depth - 1, out));
            out.push(']');
        }
        _ => {
            out.push('{');
            items(rng, out, |rng, out| {
                match rng.below(12) {
                    0 => out.push_str("\"__class__\""),
                    1..=4 => out.push_str(rng.pick(&["\"a\"", "\"b\"", "\"\\u0061\"", "\"\""])),
                    _ => string(rng, out),
                }
                space(rng, out);
                out.push(':');
                space(rng, out);
                value(rng, depth - 1, out);
            });
            out.push('}');
        }
    }
}

fn items(rng: &mut Rng, out: &mut String, mut item: impl FnMut(&mut Rng, &mut String)) {
    space(rng, out);
    for index in 0..rng.below(5) {
        if index > 0 {
            out.push(',');
            space(rng, out);
        }
        item(rng, out);
        space(rng, out);
    }
}

fn number(rng: &mut Rng, out: &mut String) {
    let digits = |rng: &mut Rng, out: &mut String| {
        for _ in 0..=rng.pick(&[0, 0, 1, 2, 5, 14, 16, 17, 18, 19, 25, 40]) {
            out.push(char::from(b'0' + rng.below(10) as u8));
        }
    };
    out.push_str(rng.pick(&["", "-"]));
    out.push(char::from(b'1' + rng.below(9) as u8));
    match rng.below(4) {
        0 => {
            out.pop();
            out.push('0');
        }
        1 => {}
        _ => digits(rng, out),
    }
    if rng.below(2) == 0 {
        out.push('.');
        out.push_str(rng.pick(&["", "0", "0000", "00000000000000000000"]));
        digits(rng, out);
    }
    if rng.below(3) == 0 {
        out.push_str(rng.pick(&["e", "E", "e+", "e-", "E-"]));
        out.push_str(&rng.below(rng.clone().pick(&[3, 30, 330, 100_000])).to_string());
    }
}

fn string(rng: &mut Rng, out: &mut String) {
    const PIECES: &[&str] = &[
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\b\\f\\r\\t",
        "\\u0000",
        "\\u00e4",
        "\\u20AC",
        "\\ud83d\\ude00",
        "ä",
        "€",
        "😀",
        "\u{7f}",
        "\u{2028}",
        "'",
        "/",
        " ",
        "{",
        "]",
        ":",
        ",",
    ];
    out.push('"');
    for _ in 0..rng.below(12) {
        match rng.below(3) {
            0 => out.push_str(rng.pick(PIECES)),
            _ => out.push_str(rng.pick(&["a", "b", "xyz", "12345678", "word word "])),
        }
    }
    out.push('"');
}
