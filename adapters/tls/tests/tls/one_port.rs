//! Other protocols on the port of a server with TLS.

use firesteel_proto::{CloseReason, DaemonEvent, LayerError, Machine, Outbox};
use firesteel_tls::Tls;

use crate::common::{
    Bare, bare_config, daemon, known_client, mutual_options, output, peer, server_options, start, step, under,
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: anywhere\r\n\r\n";

fn foreign(events: &[DaemonEvent]) -> Option<&'static str> {
    events.iter().find_map(|event| match event {
        DaemonEvent::Foreign { protocol, .. } => Some(*protocol),
        _ => None,
    })
}

#[test]
fn what_comes_inside_of_tls_is_handed_back_with_it() {
    for options in [server_options(), mutual_options()] {
        let tls = Tls::server(&options).expect("good").with_client(&known_client()).expect("good");
        let (mut daemon, _) = daemon(under(&tls));
        let id = daemon.open(start(), peer(), None).expect("there is room");
        // A client of ours, through which a test speaks HTTP.
        let mut client = tls.client_layer("anywhere").expect("a layer");
        let (mut heard, mut wire, mut down) = (Vec::new(), Outbox::new(), Outbox::new());
        down.extend_from_slice(REQUEST);
        client.handle_input(start(), &[], &mut heard, &mut wire).expect("a greeting");
        let mut events = Vec::new();
        while foreign(&events).is_none() {
            if client.is_established() && wire.is_empty() {
                client.handle_output(&mut down, &mut wire).expect("sealed");
            }
            let sent = wire.transmit().map(firesteel_proto::Transmit::take).unwrap_or_default();
            daemon.session(id).expect("it is there").handle_input(start(), &sent);
            events.extend(step(&mut daemon, start()));
            let answer = output(&mut daemon, id);
            assert!(!sent.is_empty() || !answer.is_empty(), "it goes on");
            client.handle_input(start(), &answer, &mut heard, &mut wire).expect("taken");
        }
        assert_eq!(foreign(&events), Some("http"));
        let known = daemon.peer(id).and_then(|peer| peer.identity.clone());
        assert_eq!(known.is_some(), matches!(options.clients, firesteel_tls::ClientCertificates::Required(_)));
        let mut detached = daemon.detach(id).expect("it is foreign");
        assert_eq!(detached.bytes, REQUEST);
        assert_eq!(daemon.session_count(), 0);
        // The answer goes through the same TLS.
        let layer = detached.layer.as_mut().expect("TLS");
        let (mut answer, mut wire) = (Outbox::new(), Outbox::new());
        wire.push(detached.unsent);
        answer.extend_from_slice(b"HTTP/1.1 204 No Content\r\n\r\n");
        layer.handle_output(&mut answer, &mut wire).expect("sealed");
        layer.close(&mut wire);
        let sealed = wire.transmit().expect("an answer").take();
        let mut none = Outbox::new();
        client.handle_input(start(), &sealed, &mut heard, &mut none).expect("taken");
        assert_eq!(heard, b"HTTP/1.1 204 No Content\r\n\r\n");
        assert!(client.is_ended());
    }
}

#[test]
fn plaintext_of_any_protocol_is_refused_unless_it_is_allowed() {
    let mut options = server_options();
    for allowed in [false, true] {
        options.allow_plain = allowed;
        let (mut daemon, _) = daemon(under(&Tls::server(&options).expect("good")));
        let id = daemon.open(start(), peer(), None).expect("there is room");
        daemon.session(id).expect("it is there").handle_input(start(), REQUEST);
        let events = step(&mut daemon, start());
        if allowed {
            assert_eq!(foreign(&events), Some("http"));
            let detached = daemon.detach(id).expect("it is foreign");
            assert!(detached.layer.is_none() && detached.bytes == REQUEST && detached.unsent.is_empty());
        } else {
            let [DaemonEvent::Closed { reason: CloseReason::Layer(LayerError::Refused(_)), .. }] = &events[..] else {
                panic!("{events:?}");
            };
            assert!(daemon.detach(id).is_none());
        }
    }
}

#[test]
fn http_in_pieces_is_all_there() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut bare = Bare::open(&mut daemon, bare_config());
    bare.exchange(&mut daemon);
    let mut events = Vec::new();
    let mut said = 0;
    for byte in REQUEST {
        bare.say(&[*byte]);
        events.extend(bare.exchange(&mut daemon));
        said += 1;
        if foreign(&events).is_some() {
            break;
        }
    }
    assert_eq!(daemon.detach(bare.id).expect("it is foreign").bytes, REQUEST[..said]);
}
