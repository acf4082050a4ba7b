//! Arguments that stay serialized, on the virtual clock.

use firesteel_proto::testing::Pair;
use firesteel_proto::wire::Dialect;
use firesteel_proto::{
    Args, CallFailure, Config, Context, Daemon, Fault, Local, Member, Metadata, Method, Object, Outcome, Payload,
    Protocol, ProxyId, Request, SerializedBlob, SerializerId, Shared, Value,
};

/// Keeps the last blob.
struct Shelf(Option<SerializedBlob>);

static METADATA: Metadata = Metadata::new(&[Method::new("keep"), Method::new("last")], &[]);

impl Object for Shelf {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("keep") => {
                let (blob,): (SerializedBlob,) = args.bind(&["blob"])?;
                self.0 = Some(blob);
                cx.answer(&())
            }
            Member::Method("last") => {
                let () = args.bind(&[])?;
                let blob = self.0.as_ref().ok_or_else(|| Fault::new("builtins.IndexError", "empty"))?;
                cx.answer(&(blob.info(), String::from_utf8_lossy(blob.payload().as_slice())))
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

fn pair(dialect: Dialect) -> (Pair<Local>, ProxyId) {
    // Any start will do.
    #[expect(clippy::disallowed_methods)]
    let now = std::time::Instant::now();
    let mut client = Config::default();
    client.protocol = Protocol::Always(dialect);
    let mut pair = Pair::with_configs(now, client, Config::default(), Daemon::new);
    pair.daemon.register("shelf", Shelf(None)).expect("registered");
    let proxy = pair.client.proxy("PYRO:shelf@anywhere:1").expect("a uri");
    (pair, proxy)
}

fn last(pair: &mut Pair<Local>, proxy: ProxyId) -> (Value, String) {
    pair.call(proxy, &Request::method("last", &()), &mut ()).expect("an answer")
}

#[test]
fn what_is_forwarded_is_not_looked_at() {
    for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
        let (mut pair, proxy) = pair(dialect);
        let payload = Payload::from_bytes(SerializerId::Marshal, &b"no marshal at all"[..]);
        let blob = SerializedBlob::from_payload(("a", 1), payload);
        let sent: Result<(), _> = pair.call(proxy, &Request::forward("keep", &blob), &mut ());
        // The answer comes in the serializer of the blob.
        sent.expect("it arrives");
        assert_eq!(last(&mut pair, proxy), (Value::from(("a", 1)), "no marshal at all".to_owned()));
        pair.client.notify(pair.now, proxy, &Request::forward("keep", &blob)).expect("sent");
        pair.settle(&mut ());
    }
}

#[test]
fn a_new_one_is_a_whole_call() {
    let (mut pair, proxy) = pair(Dialect::Pyro5);
    let info = Value::from("info");
    pair.call::<()>(proxy, &Request::blob("keep", &info, &5), &mut ()).expect("it arrives");
    let text = "# serpent utf-8 python3.2\n('shelf','keep',5,{})";
    assert_eq!(last(&mut pair, proxy), (info, text.to_owned()));
}

/// Takes anything, and says what it was.
struct Scale;

static WEIGH: Metadata = Metadata::new(&[Method::new("weigh").shared()], &[]);

impl Object for Scale {
    fn metadata(&self) -> &Metadata {
        &WEIGH
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_>, _: Member<'_>, args: Args<'_>) -> Outcome {
        let (blob,): (SerializedBlob,) = args.bind(&["blob"])?;
        cx.answer(&blob.payload().as_slice().len())
    }
}

/// The two begin with the same bytes.
#[test]
fn a_blob_is_told_from_a_plain_call_of_the_same_method() {
    let plain_then_blob = |pair: &mut Pair<Shared>, proxy| {
        let plain = pair.call::<Value>(proxy, &Request::method("weigh", &(5,)), &mut ());
        assert!(matches!(plain, Err(CallFailure::Fault(fault)) if fault.is("builtins.TypeError")));
        let info = Value::None;
        let weight: usize = pair.call(proxy, &Request::blob("weigh", &info, &5), &mut ()).expect("an answer");
        assert_eq!(weight, "# serpent utf-8 python3.2\n('scale','weigh',5,{})".len());
    };
    #[expect(clippy::disallowed_methods)]
    let now = std::time::Instant::now();
    let daemon = |now, config| Daemon::shared(now, config, &Shared::new(), 1);
    let mut pair = Pair::with_configs(now, Config::default(), Config::default(), daemon);
    pair.daemon.register("scale", Scale).expect("registered");
    let proxy = pair.client.proxy("PYRO:scale@anywhere:1").expect("a uri");
    for _ in 0..3 {
        plain_then_blob(&mut pair, proxy);
    }
}

#[test]
fn a_serializer_that_the_protocol_lacks_is_an_error() {
    let (mut pair, proxy) = pair(Dialect::Pyro5);
    let blob = SerializedBlob::from_payload(1, Payload::from_bytes(SerializerId::Pickle, &b"N."[..]));
    let failure = pair.call::<()>(proxy, &Request::forward("keep", &blob), &mut ()).expect_err("no pickle");
    assert!(matches!(failure, CallFailure::Misuse(_)), "{failure}");
}

#[test]
fn a_blob_without_its_annotation_is_refused() {
    use firesteel_proto::Machine;
    use firesteel_proto::wire::{Flags, FrameStart, Head, MessageType, OwnedAnnotations};

    let (mut pair, _) = pair(Dialect::Pyro5);
    let session = pair.daemon.open(pair.now, firesteel_proto::Peer::default(), None).expect("open");
    for annotation in [None, Some(&b"nonsense"[..])] {
        let mut annotations = OwnedAnnotations::default();
        if let Some(annotation) = annotation {
            annotations.set(*b"BLBI", annotation);
        }
        let head = Head {
            dialect: Dialect::Pyro5,
            kind: MessageType::Invoke,
            serializer: 1,
            flags: Flags::KEEP_SERIALIZED,
            sequence: 1,
            correlation: None,
            compress: false,
        };
        let mut message = Vec::new();
        let frame = FrameStart::begin(&mut message, head, &annotations, None);
        message.extend_from_slice(b"('shelf','keep',5,{})");
        frame.finish(&mut message, 0, 1 << 20).expect("a message");
        let mut machine = pair.daemon.session(session).expect("open");
        machine.input_buf()[..message.len()].copy_from_slice(&message);
        machine.handle_filled(pair.now, message.len());
        pair.daemon.dispatch(pair.now, &mut (), firesteel_proto::Budget::UNLIMITED);
        let mut machine = pair.daemon.session(session).expect("it stays open");
        let answer = machine.poll_transmit().expect("an answer").take();
        assert!(String::from_utf8_lossy(&answer).contains("builtins.ValueError"), "{answer:?}");
    }
}
