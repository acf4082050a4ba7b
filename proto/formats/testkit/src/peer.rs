//! A Python that answers questions.

use std::{
    fmt,
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use firesteel_value::Value;

use crate::describe;

/// A format as Pyro's serializers write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// serpent, bytes as base64.
    Serpent,
    /// serpent with `bytes_repr=True`.
    SerpentBytesRepr,
    /// Python's json, with Pyro's replacements for what it lacks.
    Json,
    /// marshal in a version, 0 to 4.
    Marshal(u8),
    /// msgpack, with Pyro's extension types.
    Msgpack,
    /// pickle in a protocol, 0 to 5. Only what holds data can be loaded.
    Pickle(u8),
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Format::Serpent => f.write_str("serpent"),
            Format::SerpentBytesRepr => f.write_str("serpent_bytes_repr"),
            Format::Json => f.write_str("json"),
            Format::Marshal(version) => write!(f, "marshal{version}"),
            Format::Msgpack => f.write_str("msgpack"),
            Format::Pickle(protocol) => write!(f, "pickle{protocol}"),
        }
    }
}

/// The answering Python; it is killed when this is dropped.
#[derive(Debug)]
pub struct Peer(Child);

impl Peer {
    /// Starts a Python.
    ///
    /// # Panics
    /// If there is none. All methods panic when Python stops answering: that is a failure of the test.
    pub fn start() -> Peer {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/peer.py");
        let child = Command::new(firesteel_testkit::python())
            .args(["-W", "ignore", script])
            // Some formats write datetimes in local time.
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        Peer(child)
    }

    /// What Python reads from each, as [`describe`] writes values, or `error` and why it refuses.
    pub fn loads(&mut self, format: Format, inputs: &[impl AsRef<[u8]>]) -> Vec<String> {
        let answers = self.ask_all(b'L', format, inputs.iter().map(|input| input.as_ref().to_vec()));
        answers.into_iter().map(|answer| String::from_utf8(answer).expect("descriptions are ASCII")).collect()
    }

    /// What Python writes for each, or `error` and why it refuses.
    pub fn dumps<'v>(
        &mut self,
        format: Format,
        values: impl IntoIterator<Item = &'v Value>,
    ) -> Vec<Result<Vec<u8>, String>> {
        let answers = self.ask_all(b'D', format, values.into_iter().map(|value| describe(value).into_bytes()));
        answers.into_iter().map(outcome).collect()
    }

    /// What Python writes for random values of its own, one for each seed; only of kinds that the format has.
    pub fn generate(&mut self, format: Format, seeds: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
        let answers = self.ask_all(b'G', format, seeds.into_iter().map(|seed| seed.to_string().into_bytes()));
        answers.into_iter().map(|answer| outcome(answer).expect("Python writes what it made for the format")).collect()
    }

    /// Python's `repr` of each.
    pub fn reprs<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
        let questions = values.into_iter().map(|value| describe(value).into_bytes());
        let answers = self.ask_all(b'R', Format::Serpent, questions);
        answers.into_iter().map(|answer| String::from_utf8(answer).expect("a repr is UTF-8")).collect()
    }

    /// How many different keys Python sees in each tuple of hashable values.
    pub fn count_keys<'v>(&mut self, tuples: impl IntoIterator<Item = &'v Value>) -> Vec<usize> {
        let questions = tuples.into_iter().map(|value| describe(value).into_bytes());
        let answers = self.ask_all(b'K', Format::Serpent, questions);
        let number = |answer: Vec<u8>| String::from_utf8(answer).ok()?.parse().ok();
        answers.into_iter().map(|answer| number(answer).expect("a number")).collect()
    }

    /// Sends questions without waiting for each answer, some at a time, so that neither pipe fills up.
    fn ask_all(&mut self, command: u8, format: Format, questions: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        const AT_ONCE: usize = 30_000;
        let mut answers = Vec::new();
        let (mut bytes, mut waiting) = (Vec::new(), 0);
        for question in questions {
            let head = format!("{}{format} ", char::from(command));
            bytes.extend(((head.len() + question.len()) as u32).to_be_bytes());
            bytes.extend(head.as_bytes());
            bytes.extend(question);
            waiting += 1;
            if bytes.len() >= AT_ONCE {
                self.exchange(&mut bytes, &mut waiting, &mut answers);
            }
        }
        self.exchange(&mut bytes, &mut waiting, &mut answers);
        answers
    }

    fn exchange(&mut self, bytes: &mut Vec<u8>, waiting: &mut usize, answers: &mut Vec<Vec<u8>>) {
        self.0.stdin.as_mut().expect("piped").write_all(bytes).expect("Python listens");
        bytes.clear();
        for _ in 0..std::mem::take(waiting) {
            answers.push(self.answer());
        }
    }

    fn answer(&mut self) -> Vec<u8> {
        let out = self.0.stdout.as_mut().expect("piped");
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

/// An answer of dumps: a mark, and the bytes or why there are none.
fn outcome(answer: Vec<u8>) -> Result<Vec<u8>, String> {
    match answer.split_first() {
        Some((b'+', bytes)) => Ok(bytes.to_vec()),
        _ => Err(String::from_utf8_lossy(&answer).into_owned()),
    }
}
