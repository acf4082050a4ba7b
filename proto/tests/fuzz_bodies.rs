//! Runs the bodies of the fuzz targets: over pseudo-random inputs, and over what Pyro5 really says.

use std::fs;
use std::path::{Path, PathBuf};

use firesteel_proto::testing::fuzzing::{client, client_input, daemon, daemon_input, wire};
use firesteel_proto::wire::{Parsed, parse};

const ROUNDS: u64 = 400;

/// The same bytes for the same seed.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let len = usize::from(next()) * 8 + 1;
    (0..len).map(|_| next()).collect()
}

/// Noise whose lengths are short, so that more operations fit.
fn short_noise(seed: u64) -> Vec<u8> {
    let mut bytes = noise(seed);
    for pair in bytes.chunks_mut(2).filter(|pair| pair[0] % 3 == 0) {
        pair[0] = 0;
    }
    bytes
}

fn fuzz(body: fn(&[u8])) {
    body(&[]);
    for seed in 1..=ROUNDS {
        body(&noise(seed));
        body(&short_noise(seed));
    }
}

#[test]
fn messages_of_noise() {
    fuzz(wire);
}

#[test]
fn a_client_under_noise() {
    fuzz(client);
}

#[test]
fn a_daemon_under_noise() {
    fuzz(daemon);
}

#[test]
fn what_pyro_says() {
    for (_, transcript) in transcripts() {
        for (_, message) in &transcript {
            wire(message);
        }
        let (requests, answers) = both(&transcript);
        client(&client_input(&answers));
        daemon(&daemon_input(&requests));
    }
}

/// Among them is every input that once found something.
#[test]
fn the_seeds_of_the_fuzz_targets() {
    for (target, body) in [("wire", wire as fn(&[u8])), ("client", client), ("daemon", daemon)] {
        for file in fs::read_dir(root().join("fuzz/seeds").join(target)).expect("a folder") {
            body(&fs::read(file.expect("a file").path()).expect("bytes"));
        }
    }
}

/// Compares the seeds of the fuzz targets with what the recordings give; with `WRITE_SEEDS` set, it writes them.
#[test]
fn the_seeds_are_those_of_the_recordings() {
    let seeds = root().join("fuzz/seeds");
    let renew = std::env::var_os("WRITE_SEEDS").is_some();
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = seeds.join(target);
        if renew {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(name), bytes).expect("a file");
        }
        let seed = fs::read(folder.join(name)).expect("a seed: set WRITE_SEEDS to write them");
        assert!(seed == bytes, "{target}/{name} is old: set WRITE_SEEDS to write it");
    };
    for (name, transcript) in transcripts() {
        let (requests, answers) = both(&transcript);
        for (n, (_, message)) in transcript.iter().enumerate().take(4) {
            write("wire", &format!("{name}-{n}"), message);
            if let Ok(Parsed::Message { payload, .. }) = parse(message, usize::MAX) {
                write("serpent", &format!("{name}-{n}"), &message[payload]);
            }
        }
        write("client", &name, &client_input(&answers));
        write("daemon", &name, &daemon_input(&requests));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The messages of a recorded conversation: whether the client sent it, and its bytes.
type Transcript = Vec<(bool, Vec<u8>)>;

fn transcripts() -> Vec<(String, Transcript)> {
    let files = fs::read_dir(root().join("tests/transcripts")).expect("a folder");
    let mut all: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a text");
            let lines = text.lines().filter(|line| !line.ends_with("end") && !line.starts_with('#'));
            let steps = lines.map(|line| (line.starts_with('>'), hex(&line[2..]))).collect();
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), steps)
        })
        .collect();
    assert!(all.len() > 20);
    all.sort();
    all
}

fn both(transcript: &Transcript) -> (Vec<u8>, Vec<u8>) {
    let sent = |by_client| transcript.iter().filter(move |step| step.0 == by_client).flat_map(|step| step.1.clone());
    (sent(true).collect(), sent(false).collect())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}
