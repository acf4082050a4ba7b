//! Texts to compare with Python: a collection, a generator, mutations.

use firesteel_formats_testkit::Rng;

/// Every form that a reader may get wrong, accepted or not.
#[rustfmt::skip]
pub const TEXTS: &[&str] = &[
    "\u{feff}1", "\n  1", "\n\u{c}1", "\n \u{c}1", "\u{c} 1", "\u{c}1", "1\n  ", "1\n  \n", "1\n  #c", "\\\n1",
    " \\\n 1", "\n \\\n1", "\n\\\n1", "1,2", "1,", "(set)()", "set( )", "set\n()", "(set\n())", "1\r2", "[1\r2]",
    "[1\r,2]", "'''a\rb\r\nc'''", "1\u{c}", "1\u{b}", "- 1", "-(1)", "-(-1)", "(1)+(2j)", "-0.0+2j", "-0.0-2j",
    "1-0j", "1+True", "-True", "0_0", "00", "01", "01.5", "01e5", "01j", "0_7.5", "0x_1", "0x", "1_", "1__0", "1e",
    "1e5_0", "1_.5", "1._5", "1if 1else 2", ".5", "1.", "1.j", "0xfj", "0o17", "0b12", "1e400", "-1e400", "1e400j",
    "'\\777'", "b'\\777'", "'\\ud800'", "'\\q'", "b'\\u1234'", "'a' b'b'", "ur'a'", "rb'\\''", "Rb''", "bR''",
    "u'a'U'b'", "f'a'", "{1,[2]}", "{1:2,**{}}", "{[1]:2}", "(1)('a')", "...", ". . .", "{...:1}", "'\\N{DIGIT ONE}'",
    "'a\\\nb'", "r'a\\\nb'", "\"a\nb\"", "1 \\\n", "1\\", "1 #c", "#c\n#d\n1\n#e", "1\n2", "1;", "(1;)", "(1,)",
    "( )", "(,)", "[,]", "{,}", "{1:2,}", "{1,}", "{1:}", "1+2j+3j", "1j+2", "1+2", "1+-2j", "0x1p3", "1_0j",
    "\u{661}", "\u{e9}", "10**3", "\"a\"%1", "[*[1]]", "yield", "lambda:1", "(1:=2)", "1 .real", "None", "none",
    "True ", "`1`", "$", "{1:2 for x in y}", "'\u{85}'", "'\u{2028}'", "# c\u{2028}\n1", "1e30000+1e30000j", "\t 1",
    "  1\n", " \n 1", "\n\n1\n\n", "#x", "", "(1\n)", "1\n)", "'a'\n'b'", "('a'\n'b')", "'a' 'b'", "1\n\\\n",
    "1\n \\\n", "\\", "(\\\n1)", "1 \\\n\n", "1\\\n", "1\\\n+2j", "{'a':1,'a':2}", "{1:1,True:2,1.0:3}",
    "{1,1.0,True}", "b'\u{e9}'", "'\t'", "(1)+2j", "((1)+2j)", "(1+2j)", "[(1)]", "(-1)+2j", "-1-2j", "+1", "+-1",
    "1+(2j)", "1+(-2j)", "(((1,)))", "# serpent utf-8 python3.2\n{'a':[1,2.5,'x'],'b':(1,),'c':None}",
    "[(1+2j),(1.0-0.0j),(1e30000+2.0j)]", "{'__class__':'float','value':'nan'}",
    "{'__class__':'complex','real':1.5,'imag':{'__class__':'float','value':'nan'}}", "{'value':1,'__class__':'a.B'}",
    "{'__class__':1}", "{'__class__':'float','value':'inf'}", "{('a'):1,('b' 'c'):2}", "{(1,[2]):3}", "{(1,(2,)):3}",
    "({1:2},)", "({1:2})", "([1,2],3)", "(([1,2]),3)", "((((1,),),),)", "((1),(2))", "('a')", "('a',)", "('a' 'b')",
    "(-1)", "(-1,)", "(1+2j,)", "()", "(())", "((),)", "[()]", "{():1}", "{(()):1}", "''''a'b''c'''", "'''a''''",
    "\"\"\"a\"b\"\"\"", "'''\\'''a'''", "r'\\'", "r'\\\\'", "r'a\\\r\nb'", "'a\\\r\nb'", "'a\\\rb'", "'a\rb'",
    "'''a\\\r\nb\r'''", "b'''a\r\n'''", "''", "\"\"", "''''''", "'' ''", "u''", "b''", "B'a' b\"b\"", "rb'''\\x'''",
    "'\\x4'", "'\\xg1'", "b'\\x4'", "'\\u12'", "'\\U00110000'", "'\\U0010ffff'", "'\\0'", "'\\08'", "'\\1234'",
    "b'\\400'", "'\\", "'\\'", "'a", "'''a", "'''a''", "'a'b", "b'a''b'", "f''", "rf''", "Fr'x'", "br''", "bu''",
    "ub''", "'\\N'", "'\\N{}'", "b'\\N{x}'", "r'\\N{x}'", "1if 1 else 2", "1or 2", "0x1or 2", "1_000_000", "0b_1",
    "0o_7", "0o8", "0o", "0b", "0B2", "0xg", "0_", "0__0", "00_0", "1_e5", "1e_5", "1e+", "1e-5j", "1E5J", "0e0",
    "0.0e-0", "1.e-5", "..5", "1..", "1...", "....", "-...", "+'a'", "-None", "not 1", "~1", "1-2", "1-2j", "1.5-2j",
    "True+2j", "1+2j-3j", "-(1+2j)", "1+(2)", "((1))+((2j))", "-((1))", "-(-1)+2j", "+(1)+2j", "1 + 2 j", "1 +\n2j",
    "(1 +\n2j)", "[1,]", "[1 2]", "[1;2]", "[1\n,\n2\n]\n", "[ # c\n1 # d\n, # e\n]", "{1:2 # x\n,3:4}",
    "{1 : 2 , 3 : 4}", "{ }", "{1:2,3}", "{1,2:3}", "{1:2:3}", "{:}", "{1:,}", "[[[]]]", "[}", "(]", "{)", "[1", "(1",
    "{1:", "{1", "]", "1]", "set(1)", "set([])", "set((),)", "set", "set.x", "{set()}", "[set()]", "(set())",
    "set(\n)", "[set(\n)]", "frozenset()", "set()()", "None()", "NoneX", "Non\u{435}", "True1", "None 1", "1,2,",
    "1,\n", "1,\n2", ",", "1,,2", "*1", "1,*[2]", "(*[1],)", "[1 for x in y]", "a", "a.b", "a=1", "lambda:0", "1<2",
    "1 if 1 else 2", "{**{}}", "{1:2,**{3:4}}", "x:=1", "(x:=1)", "'a'.b", "'a'[0]", "[1][0]", "1@2", "@", "!", "1!",
    "?", "`", "\u{0}", "\u{b}1", "\u{a0}1", "1\u{a0}", "\u{2028}1", "'\u{feff}'", "1 #\u{e4}\n", "#\n\n\n 1",
    "#\n1\n#", "1\n\n\n", "1\n\n  \n\t\n#x", "1\n\t", "1 \\\n  \n", "\\\n\\\n1", "[\\\n1]", "[1\\\n,2]", "[1\\ \n]",
    "\t1", " 1\n 2", "1\r", "1\r\n", "\r1", "\r\n1", "\n\r1", "#x\r1", "[#x\r1]", "1e-400", "0.1e-6",
    "123456789012345678", "1234567890123456789", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "0.30000000000000004", "1.7976931348623157e308",
    "1.7976931348623159e308", "2.2250738585072011e-308", "4.9e-324", "2e-324", "9007199254740993.0",
    "9007199254740992.99999999999999999999", "0.000000000000000000000000000000000000000000001",
    "100000000000000000000000000000.0", "1e22", "1e23", "8.41e21", "0.1000000000000000055511151231257827",
    "123456789.123456789e-300", "{1:1,1.0:2,True:3,1+0j:4}", "{1,1.0,True,1+0j}", "{0,-0.0,False}", "{'a','b','a'}",
    "{1e30000,-1e30000,1e30000}", "{b'a','a'}", "{2**3}", "{9007199254740993:1,9007199254740992.0:2}",
    "{18446744073709551616:1,18446744073709551616.0:2}", "[Ellipsis]", "{...,None,True}", "{None:1}",
    "{'x':{'y':{'z':[{'w':()}]}}}",
];

/// Texts that are too long for the table.
pub fn long_texts() -> Vec<Vec<u8>> {
    let nested = |open: &str, close: &str, levels| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let mut texts = vec![
        "0".repeat(5000),
        "9".repeat(4300),
        "9".repeat(4301),
        format!("-{}", "9".repeat(4301)),
        "1_".repeat(4299) + "1",
        "1_".repeat(4300) + "1",
        format!("0x{}", "f".repeat(5000)),
        format!("0o{}", "7".repeat(5000)),
        format!("0b{}", "1".repeat(20_000)),
        format!("0x{}+1j", "f".repeat(255)),
        format!("0x{}+1j", "f".repeat(257)),
        "1".repeat(5000) + ".0",
        "1".repeat(5000) + "j",
        "1".repeat(300) + "e-200",
        format!("0.{}1", "0".repeat(400)),
        format!("'{}'", "a".repeat(1000)),
        format!("'{}\\n{}'", "a".repeat(1000), "b".repeat(1000)),
        format!("'{}\n{}'", "a".repeat(1000), "b".repeat(1000)),
        format!("'{}\r{}'", "a".repeat(1000), "b".repeat(1000)),
        format!("\"{}\"", "ä'".repeat(1000)),
        format!("'''{}'''", "''a\r\n".repeat(1000)),
        format!("b'{}ä'", "a".repeat(1000)),
        format!("{{{}}}", (0..100).map(|n| format!("{}:{n},", n % 60)).collect::<String>()),
        format!("{{{}}}", (0..100).map(|n| format!("{}.0,", n % 60)).collect::<String>()),
    ];
    for levels in [150, 201] {
        for (open, close) in [("[", "]"), ("(", ")"), ("(", ",)"), ("{1:", "}"), ("([", "],)"), ("({1:(", ")},)")] {
            texts.push(nested(open, close, levels / open.matches(['(', '[', '{']).count().max(1)));
        }
    }
    texts.into_iter().map(String::into_bytes).collect()
}

/// A text that Python mostly accepts, written in an unusual way.
pub fn text(rng: &mut Rng) -> String {
    let mut text = rng.pick(&["", "", "# serpent utf-8 python3.2\n", " ", "\n", "#x\r\n\n"]).to_owned();
    text += &value(rng, 4, false);
    text + rng.pick(&["", "", "\n", " ", " # end", "\n# end\n\n", ","])
}

/// Changes a text at one place.
pub fn mutate(rng: &mut Rng, text: &str) -> String {
    const PIECES: &[&str] = &[
        "(", ")", "[", "]", "{", "}", ",", ":", "'", "\"", "'''", "\\", "\n", "\r", " ", "\t", "\x0c", "#", "0", "1",
        "_", ".", "e", "j", "+", "-", "x", "r", "b", "u", "f", "...", "None", "set()", "True", "1+2j", "\\x41",
        "\\u00e4", "\\ud800", "\\\n", "\0", "ä", "*", "**", "=", "'a'", "b'a'", "()", "(1,)", "(1)",
    ];
    let chars: Vec<char> = text.chars().collect();
    let at = rng.below(chars.len() + 1);
    let mut end = at;
    let mut piece = String::new();
    match rng.below(4) {
        0 => piece = rng.pick(PIECES).into(),
        1 => end = (at + 1 + rng.below(3)).min(chars.len()),
        2 => {
            end = (at + 1).min(chars.len());
            piece = rng.pick(PIECES).into();
        }
        _ => piece = chars[at..(at + rng.below(12)).min(chars.len())].iter().collect(),
    }
    chars[..at].iter().collect::<String>() + &piece + &chars[end..].iter().collect::<String>()
}

fn space(rng: &mut Rng) -> &'static str {
    match rng.below(12) {
        0 => " ",
        1 => rng.pick(&["\n", "\r\n", "\t", "\x0c ", " # c)'\n", "\\\n", "  "]),
        _ => "",
    }
}

fn value(rng: &mut Rng, depth: usize, key: bool) -> String {
    if rng.below(15) == 0 {
        return format!("({}{}{})", space(rng), value(rng, depth, key), space(rng));
    }
    match rng.below(if depth == 0 { 7 } else { 12 }) {
        0 => rng.pick(&["None", "True", "False", "...", "()", "-0", "0", "1e30000"]).into(),
        1 | 2 => number(rng),
        3 if !key => rng.pick(&["set()", "[]", "{}", "set( )"]).into(),
        3..=6 => string(rng),
        7 | 8 => {
            let mut text = String::from("(");
            let count = rng.below(4);
            for index in 0..count {
                text += &format!("{}{}{}", space(rng), value(rng, depth - 1, key), space(rng));
                if index + 1 < count || count == 1 || rng.below(4) == 0 {
                    text += ",";
                }
            }
            text + ")"
        }
        _ if key => number(rng),
        9 => format!("[{}]", list(rng, depth, false, "")),
        10 => format!("{{{}}}", list(rng, depth, true, "1")),
        _ => {
            let mut text = String::from("{");
            for index in 0..rng.below(5) {
                if index > 0 {
                    text += ",";
                }
                let (key, value) = (value(rng, depth - 1, true), value(rng, depth - 1, false));
                text += &format!("{}{key}{}:{}{value}{}", space(rng), space(rng), space(rng), space(rng));
            }
            text + "}"
        }
    }
}

fn list(rng: &mut Rng, depth: usize, key: bool, first: &str) -> String {
    let mut text = first.to_owned();
    for _ in 0..rng.below(5) {
        if !text.is_empty() {
            text += ",";
        }
        text += &format!("{}{}{}", space(rng), value(rng, depth - 1, key), space(rng));
    }
    text
}

fn digits(rng: &mut Rng, alphabet: &[&str], max: usize) -> String {
    let mut text: String = (0..=rng.below(max)).map(|_| rng.pick(alphabet)).collect();
    if rng.below(6) == 0 && text.len() > 2 {
        text.insert(1, '_');
    }
    text
}

fn number(rng: &mut Rng) -> String {
    const DECIMAL: &[&str] = &["0", "1", "2", "5", "9"];
    let sign = rng.pick(&["", "", "", "-", "+", "- "]);
    let whole = format!("{}{}", rng.pick(&["1", "4", "9"]), digits(rng, DECIMAL, 22));
    let fraction = digits(rng, DECIMAL, 20);
    let exponent = format!("{}{}{}", rng.pick(&["e", "E"]), rng.pick(&["", "+", "-"]), digits(rng, DECIMAL, 3));
    let number = match rng.below(11) {
        0 => format!("0x{}", digits(rng, &["0", "9", "a", "F"], 40)),
        1 => format!("0{}{}", rng.pick(&["o", "O"]), digits(rng, &["0", "7", "3"], 40)),
        2 => format!("0b{}", digits(rng, &["0", "1"], 80)),
        3 => format!("{whole}.{fraction}"),
        4 => format!("0.{fraction}"),
        5 => format!(".{fraction}{exponent}"),
        6 => format!("{whole}{exponent}"),
        7 => format!("{whole}.{fraction}{exponent}"),
        8 => format!("{whole}{}{fraction}j", rng.pick(&["+", "-", " + ", "."])),
        9 => format!("{}", rng.next() as i64 >> rng.below(63)).trim_start_matches('-').to_owned(),
        _ => whole,
    };
    format!("{sign}{number}")
}

fn string(rng: &mut Rng) -> String {
    const PARTS: &[&str] = &[
        "a",
        "bc",
        " ",
        "ä",
        "€",
        "😀",
        "\\n",
        "\\'",
        "\\\"",
        "\\\\",
        "\\x41",
        "\\xe4",
        "\\101",
        "\\0",
        "\\u00e4",
        "\\U0001f600",
        "\\q",
        "\\\n",
        "\t",
        "abcdefghijklmnopqrstuvwxyz",
    ];
    const BYTES: &[&str] = &["a", "bc", " ", "\\n", "\\'", "\\xff", "\\101", "\\u00e4", "\\\\", "~"];
    let bytes = rng.below(4) == 0;
    let mut text = String::new();
    for index in 0..=rng.below(8) / 6 {
        if index > 0 {
            text += rng.pick(&["", " ", "  "]);
        }
        let prefix = if bytes { rng.pick(&["b", "B", "br", "Rb"]) } else { rng.pick(&["", "", "", "u", "r", "R"]) };
        let quote = rng.pick(&["'", "'", "\"", "'''", "\"\"\""]);
        let mut content: String =
            (0..rng.below(6)).map(|_| if bytes { rng.pick(BYTES) } else { rng.pick(PARTS) }).collect();
        if quote.len() == 3 && rng.below(3) == 0 {
            content += rng.pick(&["\n", "\r\n", "' ", "\" "]);
        }
        text += &format!("{prefix}{quote}{content}{quote}");
    }
    text
}
