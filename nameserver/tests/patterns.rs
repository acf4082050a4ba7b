//! Patterns mean what they mean to Python's `re.match`, errors included.

use std::fmt::Write;
use std::time::{Duration, Instant};

use firesteel_nameserver::Pattern;
use firesteel_proto::Value;
use firesteel_testkit::Python;

/// Compiles and tries each pattern, in Python. A line for each: its error, or a digit for each text.
const PYTHON: &str = r"
import ast, re, sys, warnings
warnings.simplefilter('ignore')
patterns, texts = ast.literal_eval(open(sys.argv[1], encoding='utf-8').read())
for pattern in patterns:
    try:
        compiled = re.compile(pattern)
        print(''.join('1' if compiled.match(text) else '0' for text in texts))
    except (re.error, OverflowError) as x:
        print(ascii(str(x)))
";

const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "b",
    "ab",
    "ba",
    "aa",
    "abc",
    "aab",
    "abab",
    "a.b",
    "a b",
    "\n",
    "a\n",
    "a\nb",
    "a\n\n",
    "ab\nab",
    "1",
    "a1",
    "1a",
    "_",
    "\u{e4}",
    "\u{c4}",
    "\u{e9}a",
    "\u{301}",
    "a\u{301}",
    "\u{663}",
    "\u{216b}",
    "\u{b2}",
    "\u{4e00}",
    "\u{1d7d8}",
    "\u{1c}",
    "\u{85}",
    "\u{a0}",
    "\t",
    "-",
    "]",
    "[",
    "^",
    "\\",
    "{",
    "a{",
    "a{1",
    "a{,}",
    "}",
    "#",
    "a#b",
    "\u{8}",
    "K",
    "k",
    "\u{212a}",
    "\u{17f}",
    "s",
    "\u{df}",
    "\u{1f600}",
    "xyx",
    "aXbXc",
    "aaaa",
    "(a)",
    "((",
    "test.echoserver",
    "Pyro.NameServer",
    "\0",
    "\u{10ffff}",
    "\u{d7ff}",
    "\u{e000}",
];

const PATTERNS: &[&str] = &[
    "",
    "a",
    ".",
    ".*",
    "^a",
    "a$",
    "$",
    "^",
    r"\A",
    r"\Z",
    r"a\Z",
    "a$\n",
    "$a",
    "a|b",
    "a|",
    "|",
    "(a|ab)(c|bc)?",
    "(?:a|b)+$",
    "a*?b",
    "a+?$",
    "a{2}",
    "a{,2}$",
    "a{2,}",
    "a{1,2}?b",
    "a{,}",
    "a{}",
    "a{1",
    "a{x}",
    "a{2,1}",
    "{",
    "a{,",
    "x{1,2}{3}",
    "(?:a{1,2}){3}",
    "a**",
    "*a",
    "+",
    "?",
    "a|*",
    "(*)",
    "^*",
    "(?:^)*a",
    r"\b*",
    "(?=a)*b",
    "(?!a)+b",
    "(?=a){0}b",
    "()*",
    "(?:)*a",
    "(?:){2}",
    "(?i:){2}a",
    "(?:^|$)*a",
    "(?:(?:)|)+?a",
    "(?>)*a",
    "()\\1*",
    "((?=a)|(?!b))*a",
    "(a*)*b",
    "(a|b*)*c",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\w+$",
    r"\d+$",
    r"a\b",
    r"\ba",
    r"\b",
    r"\B",
    r"\Ba",
    r"a\B",
    r".\b.",
    "(?a)\\w",
    "(?a:\\w)",
    "(?a)\\s",
    "(?a)\\d",
    r"(?a)a\b",
    "(?u)\\w",
    "(?a)\\W",
    "(?a:(?u:\\w))",
    "[a-c]",
    "[^a-c]",
    "[]a]",
    "[^]a]",
    "[]",
    "[^]",
    "[a-]",
    "[-a]",
    "[a-c-e]",
    "[\\]]",
    "[\\w]",
    "[^\\w]",
    "[\\W\\d]",
    "[\\s\\S]",
    "[^\\s\\S]",
    "[a\\]",
    "[a-\\d]",
    "[\\d-a]",
    "[c-a]",
    "[\\b]",
    "[.]",
    "[^\n]",
    "[[]",
    "[[a]",
    "[[:alpha:]]",
    "[a&&b]",
    "[a--b]",
    "[a||b]",
    "[a~~b]",
    "[^^]",
    "[a^]",
    "[\\x61-\\x62]",
    "[\\101]",
    "[\\1]",
    "[\\8]",
    "[\\400]",
    "[#]",
    "[ ]",
    "[\\-a]",
    "[\u{e4}]",
    "[a",
    "[a-",
    "[a-b",
    "[\\",
    "[\\q]",
    "[{}]",
    "(?i)a",
    "(?i)[a-c]",
    "(?i)[^a]",
    "(?i)\u{e4}",
    "(?i)k",
    "(?i)s",
    "(?i)\u{df}",
    "(?i:a)b",
    "(?i:a(?-i:b))",
    "a(?i)b",
    "(?i)(?m)^a",
    "(?i)a|(?m)b",
    "x|(?i)b",
    "((?i)a)",
    "(?ai)k",
    "(?ai)\u{e4}",
    "(?ai)[A-Z]+$",
    "(?ai)[^a-c]",
    "(?ai)[@-b]",
    "(?m)^b",
    "a(?m:$)\n",
    "(?m)a$",
    "a\n(?m:^)b",
    "(?s).",
    "(?s:.)",
    "(?s)a.b",
    "a.b",
    "(?m)a\n$",
    "(?m)$",
    "(?-i:a)",
    "(?i-i:a)",
    "(?-:a)",
    "(?-",
    "(?i",
    "(?i-",
    "(?i-m",
    "(?q)",
    "(?iq)",
    "(?i1)",
    "(?-q:a)",
    "(?L)a",
    "(?au)a",
    "(?a-u:b)",
    "(?-a:b)",
    "(?t)a",
    "(?t:a)",
    "(?i:a",
    "(?i",
    "(?ix-ms:a b)",
    "(?x) a # comment\n b",
    "(?x) a\\ b",
    "(?x)[ ]",
    "(?x:a b)c d",
    "(?x) a {2}",
    "(?x)a#",
    "(?x: a # )\n)b",
    "(?x) ( ?: a )",
    "(?x)(?-x: )",
    r"(a)\1",
    r"(a)(b)?\2",
    r"(?P<x>a)(?P=x)",
    r"(?P<x>a)\1",
    "(?P<x>a)(?P<x>b)",
    "(?P<1>a)",
    "(?P<x",
    "(?P<>a)",
    "(?P=x)",
    "(?P=",
    "(?Px)",
    "(?P",
    "(?P<a b>c)",
    "(?P<\u{e4}>a)(?P=\u{e4})",
    r"(a\1)",
    r"\1",
    r"\1(a)",
    r"(a)\2",
    r"(?i)(a)\1",
    r"(?i)(x)y\1",
    r"((a)|b)\2",
    r"(a*)\1$",
    r"(a|b)*\1",
    r"\01",
    r"\0",
    r"\012",
    r"\101",
    r"\377",
    r"\400",
    r"(a)\10",
    r"(a)\11",
    r"\08",
    r"\8",
    r"(?P<n>a)(?P=n",
    "(?P<a>(?P=a))",
    "(a)?(?(1)b|c)",
    "(a)?(?(1)b)",
    "(?P<q>a)?(?(q)b|c)",
    "(?(1)a|b)(c)",
    "(?(1)a|b)",
    "(a)(?(1)b|c|d)",
    "(?(0)a)",
    "(?(x)a)",
    "(?(-1)a)",
    "(?(1",
    "(a)(?(1)b",
    "(?(01)a)(b)",
    "(?(a b)c)",
    "(a)?(b)?(?(1)(?(2)c|d)|e)",
    "(a)|(?(1)b|b)",
    "((?(1)))",
    "(?(1)(?:)|(?#x))(|])",
    "(?(1)|())(a)",
    "(?(1)()|)(a)",
    "(?:(a)|b)*(?(1)c)",
    "(?()a)",
    "(a)?(?(+1)b|c)",
    "(?=a)",
    "(?!a)",
    "a(?=b)",
    "a(?!b)",
    "(?<=a)b",
    "a(?<=a)b",
    "a(?<!b)",
    "(?<=a+)b",
    "(?<=a|bc)d",
    "(?<=ab|cd)e",
    "(?<!a*)b",
    "(?<=(a))b",
    r"(a)(?<=\1)b",
    r"(?<=(a)\1)b",
    "(?<a)",
    "(?<",
    "(?<x>a)",
    "(?=a",
    "(?=(a))\\1",
    "(?!(a))\\1",
    "(?<=a{2})b",
    "aa(?<=a{2})b",
    "a(?<=(?i:A))",
    "(?<=^)a",
    "(?<=\\b)a",
    ".(?<=(?=b).)",
    "(?<=(?(1)a|b))(c)",
    "(?<=(?:ab|cd|ef))g",
    "(?<=a(?=b))b",
    "(?!$)",
    "(?!.*b)a",
    "(?>a*)a",
    "(?>a|ab)c",
    "(?>ab|a)b",
    "a*+a",
    "a++b",
    "a?+a",
    "a{1,2}+a",
    "(?>a",
    "a*+*",
    "a**+",
    "(",
    ")",
    "(a",
    "a)",
    "(?",
    "(?:",
    "(?:a",
    "()",
    "((a)",
    "(?#",
    "(?#a)b",
    "a(?#c)*",
    "(?#a\\)b",
    "(?z)",
    "(?\\)",
    "(?P\\)",
    "(?<\\)",
    "\\",
    "a\\",
    r"\q",
    r"\_",
    r"\-",
    r"\.",
    r"\e",
    r"\a",
    r"\f",
    r"\v",
    r"\t",
    r"\n",
    r"\r",
    r"\x4",
    r"\x41",
    r"\x",
    r"\xg1",
    r"\u0041",
    r"\u004",
    r"\U00000041",
    r"\U0000041",
    r"\U00110000",
    r"\ud800",
    r"[\ud800]",
    r"[^\ud800]",
    r"[\ud7ff-\ue000]",
    r"[\udfff-\ue000]",
    r"[\ud800-\udfff]",
    r"\#",
    r"\ ",
    "\\\u{e4}",
    r"\z",
    r"\G",
    r"\K",
    r"\R",
    r"\X",
    r"\h",
    r"\p{L}",
    r"\Q",
    r"\<",
    r"\'",
    "\n(",
    "a\nb(c",
    "a\n\n*",
    "\u{e4}(",
    "a{99999}",
    "a{4294967295}",
    "a{1,4294967295}",
    "a{99999999999999999999}",
    "test\\.",
    "Pyro\\..*Server",
    "[Tt]est",
    "(?!Pyro\\.)",
    ".*server$",
    "^(?!.*echo).*$",
    "(\\w+)\\.\\1",
];

/// What Python says to each of these.
fn asked(patterns: &[String]) -> Vec<String> {
    let list = |texts: Vec<Value>| Value::List(texts);
    let question = list(vec![
        list(patterns.iter().map(|pattern| pattern.as_str().into()).collect()),
        list(TEXTS.iter().map(|text| Value::from(*text)).collect()),
    ]);
    let path = std::env::temp_dir().join(format!("firesteel-patterns-{}-{}", std::process::id(), patterns.len()));
    std::fs::write(&path, question.to_string()).expect("it is written");
    let output = Python::source(PYTHON).arg(&path).run(Duration::from_secs(120));
    std::fs::remove_file(&path).expect("it is there");
    output.stdout.lines().map(str::to_owned).collect()
}

/// What we say.
fn ours(pattern: &str) -> String {
    let pattern = match Pattern::new(pattern) {
        Ok(pattern) => pattern,
        // As Python's ascii().
        Err(error) => {
            let quote = if error.to_string().contains('\'') && !error.to_string().contains('"') { '"' } else { '\'' };
            let mut text = quote.to_string();
            for c in error.to_string().chars() {
                let _ = match c {
                    '\\' => write!(text, "\\\\"),
                    '\n' => write!(text, "\\n"),
                    c if c == quote => write!(text, "\\{c}"),
                    c if c.is_ascii() => write!(text, "{c}"),
                    c if u32::from(c) < 256 => write!(text, "\\x{:02x}", u32::from(c)),
                    c => write!(text, "\\u{:04x}", u32::from(c)),
                };
            }
            text.push(quote);
            return text;
        }
    };
    TEXTS
        .iter()
        .map(|text| match pattern.matches(text) {
            Ok(true) => '1',
            Ok(false) => '0',
            Err(_) => '!',
        })
        .collect()
}

#[track_caller]
fn compare(patterns: &[String]) {
    let theirs = asked(patterns);
    assert_eq!(theirs.len(), patterns.len());
    let mut wrong = String::new();
    for (pattern, theirs) in patterns.iter().zip(&theirs) {
        let ours = ours(pattern);
        if ours != *theirs {
            let texts: Vec<_> = TEXTS.iter().zip(ours.chars().zip(theirs.chars())).collect();
            let differ = texts.iter().filter(|(_, (one, other))| one != other).map(|(text, _)| text);
            let _ =
                writeln!(wrong, "{pattern:?}\n  ours   {ours}\n  python {theirs}\n  {:?}", differ.collect::<Vec<_>>());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn patterns_match_what_they_match_in_python() {
    compare(&PATTERNS.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>());
}

/// Pieces put together at random, so that most of it is wrong in some way.
#[test]
fn random_patterns_are_taken_or_refused_as_in_python() {
    const PIECES: &[&str] = &[
        "a", "b", "c", ".", "*", "+", "?", "{1,2}", "{2}", "{,1}", "|", "(", "(", ")", ")", "(?:", "(?=", "(?!",
        "(?<=", "(?<!", "(?P<n>", "(?P=n)", "(?i)", "(?i:", "(?(1)", "(?>", "\\1", "\\2", "[ab]", "[^a]", "[", "]",
        "-", "^", "$", "\\b", "\\B", "\\w", "\\W", "\\d", "\\s", "\\A", "\\Z", "\\n", "\\", "#", " ", "\n", "\u{e4}",
        "(?x)", "(?m)", "(?#x)", "\\x61", "A", "1", "_",
    ];
    let mut state = 20_261_123_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut patterns = Vec::new();
    for _ in 0..6_000 {
        let mut pattern: String = (0..1 + random(9)).map(|_| PIECES[random(PIECES.len())]).collect();
        // Half of them get the parentheses that they lack.
        let open = pattern.matches('(').count();
        let closed = pattern.matches(')').count();
        if random(2) == 0 && open > closed {
            pattern.push_str(&")".repeat(open - closed));
        }
        patterns.push(pattern);
    }
    compare(&patterns);
}

#[test]
fn catastrophic_patterns_end_in_an_error() {
    let begin = Instant::now();
    let text = "a".repeat(40) + "!";
    for pattern in [r"(a*)*\1b", r"(a|aa)+(?!.)$", r"(?=(a+)+$)b", r"((a+)+)+\2?$", r"(?:(?:a|a)+)+(?=b)"] {
        let pattern = Pattern::new(pattern).expect("a pattern");
        if let Err(error) = pattern.matches(&text) {
            assert_eq!(error.to_string(), "it takes too many steps to match a name");
        }
    }
    assert!(Pattern::new(r"(a*)*\1b").expect("a pattern").matches(&text).is_err());
    // What needs no backtracking takes no time, however it looks.
    let plain = Pattern::new("(a+)+$").expect("a pattern");
    assert_eq!(plain.matches(&("a".repeat(1_000_000) + "!")), Ok(false));
    assert!(Pattern::new(r"(a)\1").expect("a pattern").matches(&"a".repeat(10_000)).is_err());
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn large_patterns_are_refused() {
    let begin = Instant::now();
    for pattern in [
        "(?:(?:a{1000}){1000}){1000}".to_owned(),
        r"(?:\w{1000}){1000}".to_owned(),
        format!("{}{}", "(".repeat(1_000), ")".repeat(1_000)),
        "a".repeat(20_000),
        format!("{}a", "(?:".repeat(3_000)),
        r"(a)(?:(?:\1{1000}){1000}){1000}b".to_owned(),
    ] {
        let shown: String = pattern.chars().take(20).collect();
        let result = Pattern::new(&pattern).and_then(|pattern| pattern.matches("aaaa"));
        assert!(result.is_err() || result == Ok(false), "{shown}");
    }
    // Each look-ahead is compiled by itself: together they must not take what one may.
    for many in [r"(?=\w{99})".repeat(900), r"(?=\w{30}\W{30})x".repeat(400)] {
        assert!(Pattern::new(&many).expect_err("too large").to_string().contains("too complex"));
    }
    assert_eq!(Pattern::new(r"(?=\w+\.)(?!old)\w+\.\w+").and_then(|few| few.matches("new.name")), Ok(true));
    assert!(Pattern::new(&"(?:".repeat(200)).expect_err("too deep").to_string().contains("nested too deeply"));
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    let error = Pattern::new(r"\N{EM DASH}").expect_err("not supported").to_string();
    assert!(error.contains("are not supported: use"), "{error}");
}
