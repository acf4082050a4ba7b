//! Conversations recorded from the real Pyro5, for tests that replay them without Python.

use std::fs;
use std::path::{Path, PathBuf};

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The client, `>` in the files.
    Client,
    /// The server, `<` in the files.
    Server,
}

/// One message, or whatever else was sent in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who sent it.
    pub sender: Sender,
    /// All of its bytes.
    pub bytes: Vec<u8>,
}

/// A file of `tests/transcripts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The file's name without its extension.
    pub name: String,
    /// The comment at the top: what happens, and with which versions.
    pub about: String,
    /// What was said, in this order.
    pub steps: Vec<Step>,
    /// Who ended the connection.
    pub ended_by: Sender,
}

impl Transcript {
    /// Reads the transcript with this name, for instance `connect_echo`.
    ///
    /// # Panics
    ///
    /// If there is none, or if the file is malformed.
    #[must_use]
    #[track_caller]
    pub fn load(name: &str) -> Self {
        let path = folder().join(name).with_extension("txt");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(name, &text).unwrap_or_else(|| panic!("malformed: {name}.txt")),
            Err(error) => panic!("cannot read {}: {error}", path.display()),
        }
    }

    /// All transcripts of Pyro5, sorted by name.
    ///
    /// # Panics
    ///
    /// If a file is malformed.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::all_in("")
    }

    /// All transcripts of Pyro4, sorted by name, which begins with `pyro4/`.
    ///
    /// # Panics
    ///
    /// If a file is malformed.
    #[must_use]
    pub fn all_of_pyro4() -> Vec<Self> {
        Self::all_in("pyro4/")
    }

    fn all_in(subfolder: &str) -> Vec<Self> {
        let mut names: Vec<_> = fs::read_dir(folder().join(subfolder))
            .expect("the folder can be read")
            .map(|entry| entry.expect("the folder can be read").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names.iter().map(|name| Self::load(&format!("{subfolder}{name}"))).collect()
    }

    /// What one side sent, message by message.
    pub fn sent_by(&self, sender: Sender) -> impl Iterator<Item = &[u8]> {
        let of_sender = move |step: &&Step| step.sender == sender;
        let steps = self.steps.iter().filter(of_sender);
        steps.map(|step| step.bytes.as_slice())
    }

    fn parse(name: &str, text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let about = lines.next()?.strip_prefix("# ")?.to_owned();
        let mut steps = Vec::new();
        let mut ended_by = None;
        for line in lines {
            let (sender, rest) = match line.split_at_checked(2)? {
                ("> ", rest) => (Sender::Client, rest),
                ("< ", rest) => (Sender::Server, rest),
                _ => return None,
            };
            if ended_by.is_some() {
                return None;
            } else if rest == "end" {
                ended_by = Some(sender);
            } else {
                let bytes = decode_hex(rest)?;
                steps.push(Step { sender, bytes });
            }
        }
        Some(Self { name: name.to_owned(), about, steps, ended_by: ended_by? })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../transcripts")
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().filter(|&c| c != ' ').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u32; 2]| u8::try_from(pair[0] * 16 + pair[1]).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_can_be_read() {
        let all = [Transcript::all(), Transcript::all_of_pyro4()];
        assert!(all[0].len() > 20 && all[1].len() > 15);
        for transcript in all.iter().flatten() {
            assert!(transcript.about.starts_with(transcript.name.trim_start_matches("pyro4/")));
            assert_eq!(transcript.steps[0].sender, Sender::Client);
        }
    }

    #[test]
    fn messages_and_end() {
        let transcript = Transcript::load("garbage");
        let sent: Vec<_> = transcript.sent_by(Sender::Client).collect();
        assert_eq!(sent, [b"GET / "]);
        let answers: Vec<_> = transcript.sent_by(Sender::Server).collect();
        assert_eq!(answers.len(), 1);
        assert!(answers[0].starts_with(b"PYRO\x01\xf6\x03\x02"));
        assert!(answers[0].ends_with(b"invalid data"));
        assert_eq!(transcript.ended_by, Sender::Server);
    }

    #[test]
    fn malformed_is_noticed() {
        for text in ["", "# a\n", "# a\n> 1\n> end\n", "# a\n> end\n> 00\n", "# a\n? 00\n> end"] {
            assert_eq!(Transcript::parse("a", text), None, "{text:?}");
        }
    }
}
