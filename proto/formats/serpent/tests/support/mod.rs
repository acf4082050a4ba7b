//! A Python that answers questions, and values in the notation that both sides share.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use firesteel_value::{Complex, Value};

/// The answering Python; it ends when its input is closed, and is killed when this is dropped.
pub struct Peer(Child);

impl Peer {
    pub fn start() -> Peer {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/peer.py");
        let child = Command::new(firesteel_testkit::python())
            .args(["-W", "ignore", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        Peer(child)
    }

    /// Sends questions without waiting for each answer, some at a time, so that neither pipe fills up.
    pub fn ask_all(&mut self, command: u8, questions: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut answers = Vec::with_capacity(questions.len());
        for some in questions.chunk_by({
            let mut sent = 0;
            move |_, next| {
                sent += next.len() + 5;
                let more = sent < 30_000;
                if !more {
                    sent = 0;
                }
                more
            }
        }) {
            let mut bytes = Vec::new();
            for question in some {
                bytes.extend((question.len() as u32 + 1).to_be_bytes());
                bytes.push(command);
                bytes.extend(question);
            }
            self.0.stdin.as_mut().unwrap().write_all(&bytes).expect("Python listens");
            for _ in some {
                answers.push(self.answer());
            }
        }
        answers
    }

    fn answer(&mut self) -> Vec<u8> {
        let out = self.0.stdout.as_mut().unwrap();
        let mut head = [0; 4];
        out.read_exact(&mut head).expect("Python answers");
        let mut answer = vec![0; u32::from_be_bytes(head) as usize];
        out.read_exact(&mut answer).expect("Python answers in full");
        answer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A value in tokens, as `peer.py` describes it.
pub fn describe(value: &Value) -> String {
    match value {
        Value::None => "N".into(),
        Value::Ellipsis => "E".into(),
        Value::Bool(true) => "T".into(),
        Value::Bool(false) => "F".into(),
        Value::Int(number) if *number < 0 => format!("i:-{:#x}", number.unsigned_abs()),
        Value::Int(number) => format!("i:{number:#x}"),
        Value::BigInt(number) => format!("i:{}", number.to_hex()),
        Value::Float(number) => format!("f:{}", bits(*number)),
        Value::Complex(Complex { re, im }) => format!("c:{}{}", bits(*re), bits(*im)),
        Value::Str(text) => format!("s:{}", hex(text.as_bytes())),
        Value::Bytes(bytes) => format!("b:{}", hex(bytes)),
        Value::ByteArray(bytes) => format!("a:{}", hex(bytes)),
        Value::List(elements) => all('l', elements.iter().map(describe).collect()),
        Value::Tuple(elements) => all('t', elements.iter().map(describe).collect()),
        Value::Set(elements) => sorted('S', elements),
        Value::FrozenSet(elements) => sorted('Z', elements),
        Value::Dict(dict) => pairs(dict.iter().map(|(key, value)| [describe(key), describe(value)]).collect()),
        Value::Instance(instance) => {
            let class = [describe(&"__class__".into()), describe(&instance.class.as_str().into())];
            let fields = instance.fields.iter().map(|(key, value)| [describe(key), describe(value)]);
            pairs(std::iter::once(class).chain(fields).collect())
        }
        other => panic!("no description for {other}"),
    }
}

fn all(kind: char, parts: Vec<String>) -> String {
    let mut text = format!("{kind}:{}", parts.len());
    for part in parts {
        text.push(' ');
        text.push_str(&part);
    }
    text
}

fn sorted(kind: char, elements: &[Value]) -> String {
    let mut parts: Vec<String> = elements.iter().map(describe).collect();
    parts.sort();
    all(kind, parts)
}

fn pairs(pairs: Vec<[String; 2]>) -> String {
    let text = all('d', pairs.concat());
    let rest = text.split_once(' ').map_or("", |(_, rest)| rest);
    format!("d:{} {rest}", pairs.len()).trim_end().to_owned()
}

fn bits(number: f64) -> String {
    if number.is_nan() { "nan".into() } else { format!("{:016x}", number.to_bits()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How much the tests try: more with `FIRESTEEL_TEST_FACTOR=10`.
pub fn factor() -> usize {
    std::env::var("FIRESTEEL_TEST_FACTOR").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Random numbers from a seed (SplitMix64).
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
