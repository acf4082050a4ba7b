//! Input that is made to hurt: nothing panics, and time and memory stay linear.

use std::time::{Duration, Instant};

use firesteel_formats_testkit::{Format, Peer, Rng, factor};
use firesteel_pickle::{FormatErrorKind, Limits, Reader, from_slice, from_slice_with, fuzzing};
use firesteel_value::Value;
use serde::de::IgnoredAny;

fn category(pickle: &[u8]) -> FormatErrorKind {
    from_slice::<Value>(pickle).unwrap_err().category()
}

#[test]
fn truncation_is_noticed_at_every_byte() {
    let mut peer = Peer::start();
    for protocol in 0..=5 {
        for pickle in peer.generate(Format::Pickle(protocol), 0..40).into_iter().filter(|pickle| pickle.len() < 2000) {
            for end in 0..pickle.len() {
                let error = from_slice::<Value>(&pickle[..end]).unwrap_err();
                assert_eq!(error.category(), FormatErrorKind::UnexpectedEnd, "{error} of {:?}", &pickle[..end]);
            }
        }
    }
}

#[test]
fn whatever_is_read_comes_back_after_writing() {
    let (mut peer, mut rng) = (Peer::start(), Rng(2));
    for protocol in 0..=5 {
        for pickle in peer.generate(Format::Pickle(protocol), 0..300 * factor()) {
            fuzzing::read(&pickle);
            for _ in 0..10 {
                let mut pickle = pickle.clone();
                rng.mutate(&mut pickle);
                fuzzing::read(&pickle);
            }
        }
    }
}

#[test]
fn random_opcodes_do_no_harm() {
    const OPCODES: &[u8] = b"(.012FIJKLMNRSTUVX]ab)cde}ghijloqrsptuGBC\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8f\x90\x91\x93\x94\0\x01\x02\n";
    const PIECES: &[&[u8]] = &[
        b"cbuiltins\nset\n",
        b"cexceptions\nKeyError\n",
        b"cuuid\nUUID\n",
        b"c_codecs\nencode\n",
        b"X\x03\0\0\0int",
        b"K\x01",
        b"I5\n",
        b"Vlatin1\n",
        b"\x85R",
        b"}b",
        b"](",
        b"cPyro4.core\nURI\n)\x81",
        b"q\x00",
        b"h\x00",
        b"cPyro4.core\nProxy\n)\x81",
        b"cdatetime\ndatetime\n",
        b"C\x0a\x07\xe4\x01\x02\x03\x04\x05\0\0\x06",
        b"cdatetime\ntimezone\n",
        b"cdatetime\ntimedelta\n",
        b"carray\n_array_reconstructor\n",
        b"carray\narray\n",
        b"ccollections\nOrderedDict\n",
        b"ccopyreg\n_reconstructor\n",
        b"cbuiltins\nobject\n",
        b"N",
        b"t",
        b"(",
    ];
    let mut rng = Rng(3);
    for _ in 0..20_000 * factor() {
        let mut pickle = Vec::new();
        for _ in 0..rng.below(30) {
            if rng.below(3) == 0 {
                pickle.push(rng.pick(OPCODES));
            } else {
                pickle.extend(rng.pick(PIECES));
            }
        }
        pickle.push(b'.');
        fuzzing::read(&pickle);
    }
}

#[test]
fn depth_is_limited() {
    let nested = |open: &[u8], close: &[u8], levels: usize| {
        [open.repeat(levels), b"K\x01".to_vec(), close.repeat(levels), b".".to_vec()].concat()
    };
    for (open, close) in [
        (&b"]"[..], &b"a"[..]),
        (b"](", b"e"),
        (b"(", b"t"),
        (b"", b"\x85"),
        (b"}K\x01", b"s"),
        (b"(", b"l"),
        (b"cexceptions\nKeyError\n", b"\x85R"),
        (b"cPyro4.futures\n_ExceptionWrapper\n)\x81}Vexception\n", b"sb"),
    ] {
        assert_eq!(category(&nested(open, close, 10_000)), FormatErrorKind::Depth);
    }
    for levels in [200, 201] {
        let pickle = nested(b"]", b"a", levels);
        assert_eq!(from_slice::<Value>(&pickle).is_ok(), levels == 200);
        assert_eq!(from_slice::<IgnoredAny>(&pickle).is_ok(), levels == 200);
    }
    let mut limits = Limits::default();
    limits.max_depth = 3;
    assert!(from_slice_with::<Value>(b"]]]K\x01aaa.", limits).is_ok());
    assert!(from_slice_with::<Value>(b"]]]]K\x01aaaa.", limits).is_err());
    // The depth of what is used again counts where it is used.
    let doubling = [b"]q\x00".to_vec(), b"0]h\x00aq\x00".repeat(300), b".".to_vec()].concat();
    assert_eq!(category(&doubling), FormatErrorKind::Depth);
    limits.max_size = 10;
    assert_eq!(from_slice_with::<Value>(b"\x8c\x09123456789.", limits).unwrap_err().category(), FormatErrorKind::Size);
}

#[test]
fn lengths_are_not_believed() {
    for pickle in [
        &b"X\xff\xff\xff\x7f."[..],
        b"T\xff\xff\xff\xff.",
        b"B\xff\xff\xff\x7f.",
        b"\x8b\xff\xff\xff\x7f.",
        b"\x8b\xff\xff\xff\xff.",
        b"\x8a\xff.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x8e\0\0\0\0\x01\0\0\0.",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
    ] {
        assert_eq!(category(pickle), FormatErrorKind::UnexpectedEnd);
    }
}

#[test]
fn memo_indexes_take_no_memory() {
    for pickle in [
        &b"]r\xff\xff\xff\x7fj\xff\xff\xff\x7f\x86."[..],
        b"]p18446744073709551615\ng18446744073709551615\n\x86.",
        b"]r\xff\xff\xff\xffj\xff\xff\xff\xff\x86.",
    ] {
        assert_eq!(from_slice::<Value>(pickle).unwrap().to_string(), "([], [])");
    }
    for pickle in [&b"h\x05."[..], b"]p-1\n.", b"]p\n.", b"]p99999999999999999999\n.", b"]q\x01h\x00."] {
        assert_eq!(category(pickle), FormatErrorKind::Syntax);
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn what_is_used_again_and_again_is_bounded() {
    let start = Instant::now();
    // Each twice as large as the one before.
    for (first, double) in [
        (&b"]q\x00"[..], &b"(h\x00h\x00tq\x00"[..]),
        (b"K\x01\x85q\x00", b"h\x00h\x00\x86q\x00"),
        (b"K\x01\x85", b"2\x86"),
        (b"K\x01\x85q\x00", b"}(K\x01h\x00K\x02h\x00uq\x00"),
    ] {
        let pickle = [first, &double.repeat(150), b"."].concat();
        assert_eq!(category(&pickle), FormatErrorKind::Size);
    }
    let text = [b"X\0\0\x10\0".as_slice(), &vec![b'x'; 1 << 20], b"q\x00(h\x00"].concat();
    for piece in [&b"h\x00"[..], b"2"] {
        assert_eq!(category(&[text.clone(), piece.repeat(1 << 20), b"t.".to_vec()].concat()), FormatErrorKind::Size);
    }
    // Each copies what is there, or looks at all of it.
    let list = [&b"]("[..], &b"K\x01".repeat(100_000), b"eq\x00"].concat();
    for call in
        [&b"cbuiltins\nset\nh\x00\x85R"[..], b"carray\narray\nVu\nh\x00\x86R", b"ccollections\nOrderedDict\nh\x00\x85R"]
    {
        let _ = from_slice::<Value>(&[list.clone(), call.repeat(20_000), b".".to_vec()].concat());
    }
    let state = [&b"}("[..], &b"K\x01N".repeat(100_000), b"uq\x00cexceptions\nKeyError\n)R"].concat();
    assert_eq!(category(&[state, b"h\x00b".repeat(100_000), b".".to_vec()].concat()), FormatErrorKind::Size);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    // What is shared in moderation is read.
    let shared = [&b"X\x05\0\0\0helloq\x00K\x01\x86q\x01]("[..], &b"h\x01".repeat(10_000), b"e."].concat();
    let value: Value = from_slice(&shared).unwrap();
    assert_eq!(value.as_list().unwrap().len(), 10_000);
}

#[test]
fn containers_that_contain_themselves_are_refused() {
    for pickle in [
        &b"]q\x00h\x00a."[..],
        b"]q\x00(K\x01h\x00e.",
        b"}q\x00K\x01h\x00s.",
        b"](h\x00tq\x00.",
        b"]q\x00h\x00\x85a.",
        b"cexceptions\nKeyError\n)Rq\x00}Vself\nh\x00sb.",
        b"]2a.",
    ] {
        let error = from_slice::<Value>(pickle).unwrap_err();
        assert!(matches!(error.category(), FormatErrorKind::Unsupported | FormatErrorKind::Syntax), "{error}");
        if error.category() == FormatErrorKind::Unsupported {
            assert_eq!(error.message(), "a container that contains itself cannot be read");
        }
    }
}

#[test]
fn numbers_and_texts_are_checked() {
    use FormatErrorKind::*;
    let digits = "9".repeat(100_000);
    assert_eq!(category(format!("I{digits}\n.").as_bytes()), NumberRange);
    assert_eq!(category(format!("L{digits}L\n.").as_bytes()), NumberRange);
    assert_eq!(category(b"X\x03\0\0\0\xed\xa0\x80."), Surrogate);
    assert_eq!(category(b"\x8c\x02\xff\xff."), Utf8);
    assert_eq!(category(b"V\\ud800\n."), Surrogate);
    assert_eq!(category(b"V\\u12\n."), Syntax);
    assert_eq!(category(b"V\\U00110000\n."), Syntax);
    assert_eq!(category(b"S'a\n."), Syntax);
    assert_eq!(category(b"S'\\x1'\n."), Syntax);
    assert_eq!(category(b"F1e400\n."), NumberRange);
    assert_eq!(category(b"(Nu."), Syntax);
    assert_eq!(category(b"}(Nu."), Syntax);
    assert_eq!(category(b"K\x01(Ne."), Unsupported);
    assert_eq!(category(b"(."), Syntax);
    assert_eq!(category(b"Nt."), Syntax);
    assert_eq!(category(b"}]Ns."), Unhashable);
    assert_eq!(category(b"}]\x85Ns."), Unhashable);
    assert_eq!(category(b"\x8f(}\x90."), Unhashable);
    assert_eq!(category(b"(]\x91."), Unhashable);
    assert_eq!(category(b"cbuiltins\nset\n]]a\x85R."), Unhashable);
    assert_eq!(category(b"N.N"), Trailing);
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn time_is_linear() {
    const SIZE: usize = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };
    for piece in [
        &b"N"[..],
        b"]",
        b"(",
        b"}",
        b"\x8f",
        b")",
        b"2",
        b"0",
        b"1",
        b"K\x01",
        b"](K\x01e",
        b"(K\x01",
        b"]\x94",
        b"N\x94",
        b"h\x00",
        b"](l",
        b"((t",
        b"(d",
        b"\x85",
        b"]N\x85a",
        b"]q\x00K\x01ah\x00K\x02a",
        b"h\x00K\x01ah\x01K\x02a",
        b"}K\x01Ns",
        b"cexceptions\nKeyError\n)R",
        b"h\x02)R",
        b"h\x02h\x00\x85R}b",
        b"Vx\n",
        b"V\\u0041\n",
        b"S'\\n'\n",
        b"I1\n",
        b"\x91",
        b"r\xff\xff\xff\x7f",
        b"p99999999\n",
        b"cbuiltins\nset\n]\x85R",
        b"e",
        b"u",
        b"K\x01K\x02u",
    ] {
        let start = Instant::now();
        for head in [&b"]q\x00]q\x01cexceptions\nKeyError\nq\x02"[..], b"](", b"}("] {
            for tail in [&b"."[..], b"e.", b"t.", b"u.", b"l."] {
                let pickle = [head, &piece.repeat(SIZE / piece.len()), tail].concat();
                let _ = from_slice::<Value>(&pickle);
                let _ = from_slice::<Vec<Option<i64>>>(&pickle);
                if let Ok(mut reader) = Reader::new(&pickle, Limits::default()) {
                    let _ = reader.skip();
                }
            }
        }
        // Optimised or not, a linear reader needs well below a second, a quadratic one minutes.
        assert!(start.elapsed() < Duration::from_secs(30), "{:?} for {piece:?}", start.elapsed());
    }
}
