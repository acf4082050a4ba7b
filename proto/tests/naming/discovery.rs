//! Where a name server is looked for, in which order, and for how long.

use std::net::SocketAddr;
use std::time::Duration;

use firesteel_proto::{CallFailure, CloseReason, Config, IpVersion, Location, NamingError, Whereabouts};

use crate::net::{Names, Net, SECOND, Who};

fn config() -> Config {
    let mut config = Config::default();
    config.naming.port = 9000;
    config.naming.broadcast_port = 9001;
    config.naming.broadcast_addresses = vec!["<broadcast>".to_owned(), "10.0.0.255".to_owned()];
    config
}

fn from(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 7], port))
}

fn names() -> Names {
    let names = Names::default();
    names.add("thing", "PYRO:obj_1@far:1", &[]);
    names
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn this_machine_comes_first_then_a_broadcast_then_the_host_that_is_set() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    let failure = net.end(call).expect_err("nobody is there");
    assert_eq!(net.places(), ["localhost:9000", "127.0.1.1:9000", "localhost:9000"]);
    // Three times 0.7 seconds, to each address.
    let sent: Vec<_> = net.datagrams.iter().map(|(at, sent)| (*at, sent.host.as_str(), sent.port, sent.data)).collect();
    let round = |at: Duration| [(at, "255.255.255.255"), (at, "10.0.0.255")];
    let rounds = [Duration::ZERO, 700 * MS, 1400 * MS].into_iter().flat_map(round);
    let expected: Vec<_> = rounds.map(|(at, host)| (at, host, 9001, b"GET_NSURI".as_slice())).collect();
    assert_eq!(sent, expected);
    assert_eq!(net.elapsed(), 2100 * MS);
    let CallFailure::Lost(CloseReason::Unresolved(error)) = failure else { panic!("{failure:?}") };
    let NamingError::NotLocated(tried) = &*error else { panic!("{error:?}") };
    let places: Vec<_> = tried.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["localhost:9000", "127.0.1.1:9000", "by broadcast", "localhost:9000"]);
    assert_eq!(
        error.to_string(),
        "failed to locate the name server: localhost:9000: cannot connect: connection refused; \
         127.0.1.1:9000: cannot connect: connection refused; by broadcast: nobody answered; \
         localhost:9000: cannot connect: connection refused"
    );
    assert_eq!(
        net.steps,
        [
            "trying PYRO:Pyro.NameServer@localhost:9000 for up to 2s",
            "no name server at localhost:9000: cannot connect: connection refused",
            "trying PYRO:Pyro.NameServer@127.0.1.1:9000 for up to 2s",
            "no name server at 127.0.1.1:9000: cannot connect: connection refused",
            "asking <broadcast>, 10.0.0.255 on port 9001 for up to 2.1s",
            "no name server by broadcast: nobody answered",
            "trying PYRO:Pyro.NameServer@localhost:9000 for up to 10s",
            "no name server at localhost:9000: cannot connect: connection refused",
        ]
    );
}

#[test]
fn a_host_elsewhere_is_asked_last() {
    let mut config = config();
    config.naming.host = "far".to_owned();
    let mut net = Net::new(config);
    net.client.allow_broadcasts();
    net.name_server("far", 9000, &names());
    net.host("far", 1, "obj_1", Who("it"));
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 2100 * MS);
    assert_eq!(net.places(), ["far:9000", "far:1"]);
}

#[test]
fn each_step_has_its_time() {
    let mut config = config();
    config.naming.lookup_delay = Duration::ZERO;
    let mut net = Net::new(config);
    net.client.allow_broadcasts();
    net.silent("localhost", 9000);
    net.silent("127.0.1.1", 9000);
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    let failure = net.end(call).expect_err("nobody says a word");
    assert!(failure.to_string().starts_with("failed to locate the name server"), "{failure}");
    let times: Vec<_> = net.asked.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [Duration::ZERO, 2 * SECOND, 4 * SECOND + 2100 * MS]);
    assert_eq!(net.elapsed(), 16 * SECOND + 100 * MS);
    // The three connections to name servers, and the proxy's own.
    assert_eq!(net.closed, 4);
    assert!(net.client.is_drained());
}

#[test]
fn a_call_may_give_up_before_the_search_does() {
    let mut net = Net::new(config());
    net.silent("localhost", 9000);
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let request = firesteel_proto::Request::method("who", &()).deadline(net.now + SECOND);
    let call = net.client.call(net.now, proxy, &request).expect("taken");
    assert_eq!(net.end(call), Err(CallFailure::Deadline));
    assert_eq!(net.elapsed(), SECOND);
    // The proxy is let go of: so is the search.
    net.client.release(net.now, proxy);
    net.settle();
    assert!(net.client.is_drained());
    assert_eq!(net.client.poll_timeout(), None);
}

#[test]
fn an_answer_to_a_broadcast_is_followed() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    net.name_server("10.0.0.7", 7777, &names());
    net.host("far", 1, "obj_1", Who("it"));
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    net.pass(800 * MS);
    assert!(net.client.wants_datagrams());
    // What is no answer changes nothing, and does not prolong the search.
    for wrong in [
        &b""[..],
        b"\xff\xfe\x00",
        b"GET_NSURI",
        b"PYRONAME:Pyro.NameServer",
        b"PYRO:Pyro.NameServer@./u:/tmp/socket",
        b"PYRO:Pyro.NameServer@10.0.0.7",
        b"PYRO:Pyro.NameServer@10.0.0.7:99999",
        &[b'x'; 4096],
    ] {
        net.client.handle_datagram(net.now, from(9001), wrong);
    }
    let right = b"PYRO:Pyro.NameServer@10.0.0.7:7777";
    net.client.handle_datagram(net.now, from(9002), right);
    net.settle();
    assert!(net.client.wants_datagrams());
    assert_eq!(net.steps.iter().filter(|step| step.starts_with("what 10.0.0.7:900")).count(), 9);
    net.client.handle_datagram(net.now, from(9001), right);
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.elapsed(), 800 * MS);
    assert!(!net.client.wants_datagrams());
    // Late ones, too.
    net.client.handle_datagram(net.now, from(9001), b"PYRO:Pyro.NameServer@evil:1");
    net.settle();
    assert_eq!(net.places(), ["localhost:9000", "127.0.1.1:9000", "10.0.0.7:7777", "far:1"]);
}

#[test]
fn a_broadcast_answered_by_a_liar_leads_on() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    let names = names();
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    net.settle();
    net.client.handle_datagram(net.now, from(9001), b"PYRO:Pyro.NameServer@nowhere:5");
    net.name_server("localhost", 9000, &names);
    net.host("far", 1, "obj_1", Who("it"));
    assert_eq!(net.end(call), Ok("it".into()));
    assert_eq!(net.places(), ["localhost:9000", "127.0.1.1:9000", "nowhere:5", "localhost:9000", "far:1"]);
}

#[test]
fn datagrams_that_cannot_be_sent_are_not_waited_for() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    net.settle();
    let sent: Vec<_> = net.datagrams.drain(..).map(|(_, sent)| sent).collect();
    net.client.datagram_failed(net.now, &sent[0], "network is unreachable");
    net.settle();
    assert!(net.client.wants_datagrams(), "the other one may be heard");
    net.client.datagram_failed(net.now, &sent[1], "network is unreachable");
    let failure = net.end(call).expect_err("nobody");
    assert!(failure.to_string().contains("by broadcast: network is unreachable"), "{failure}");
    assert_eq!(net.elapsed(), Duration::ZERO);
}

#[test]
fn an_adapter_without_broadcasts_says_so_and_does_not_hang() {
    let tried = |config: Config, can: bool| {
        let mut net = Net::new(config);
        if can {
            net.client.allow_broadcasts();
        }
        let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
        let call = net.call(proxy, "who");
        let failure = net.end(call).expect_err("nobody").to_string();
        assert_eq!((net.elapsed(), net.datagrams.len()), (Duration::ZERO, 0));
        failure
    };
    assert!(tried(config(), false).contains("by broadcast: this adapter cannot broadcast"));
    let mut off = config();
    off.naming.broadcast = false;
    assert!(tried(off, true).contains("by broadcast: it is switched off"));
    let mut six = config();
    six.ip_version = IpVersion::V6;
    assert!(tried(six, true).contains("by broadcast: there is none in IPv6"));
    let mut nowhere = config();
    nowhere.naming.broadcast_addresses.clear();
    assert!(tried(nowhere, true).contains("by broadcast: no addresses are set"));
}

#[test]
fn a_place_that_is_named_is_the_only_one() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    for uri in ["PYRONAME:thing@there:5", "PYRONAME:thing@there", "PYROMETA:a,b@there:6", "PYRONAME:thing@./u:/tmp/ns"]
    {
        let proxy = net.client.proxy(uri).expect("a uri");
        let call = net.call(proxy, "who");
        net.end(call).expect_err("nobody is there");
    }
    // The port that is set goes with a host alone.
    assert_eq!(net.places(), ["there:5", "there:9000", "there:6", "/tmp/ns"]);
    assert!(net.datagrams.is_empty());
}

#[test]
fn the_name_server_itself_is_found_in_the_same_way() {
    let mut net = Net::new(config());
    let names = names();
    net.name_server("127.0.1.1", 9000, &names);
    let proxy = net.client.name_server(Whereabouts::Anywhere { port: None });
    assert_eq!(net.client.resolved(proxy), None);
    let request = ("thing",);
    let request = firesteel_proto::Request::method("lookup", &request);
    let call = net.client.call(net.now, proxy, &request).expect("taken");
    net.end(call).expect("it knows");
    let uri = net.client.resolved(proxy).expect("it is found");
    assert_eq!(uri.to_string(), "PYRO:Pyro.NameServer@127.0.1.1:9000");
    assert_eq!(net.places(), ["localhost:9000", "127.0.1.1:9000", "127.0.1.1:9000"]);
    assert_eq!(names.asked(), ["lookup"]);

    let there = Location::Tcp { host: "there".to_owned(), port: 1 };
    let proxy = net.client.name_server(Whereabouts::At(there));
    let call = net.call(proxy, "ping");
    let failure = net.end(call).expect_err("nobody is there");
    assert!(failure.to_string().starts_with("failed to locate the name server: there:1"), "{failure}");
}

#[test]
fn the_port_that_is_given_is_for_this_machine_and_the_broadcast() {
    let mut net = Net::new(config());
    net.client.allow_broadcasts();
    let proxy = net.client.name_server(Whereabouts::Anywhere { port: Some(5) });
    let call = net.call(proxy, "ping");
    net.end(call).expect_err("nobody is there");
    assert_eq!(net.places(), ["localhost:5", "127.0.1.1:5", "localhost:9000"]);
    assert!(net.datagrams.iter().all(|(_, sent)| sent.port == 5) && net.datagrams.len() == 6);
}

#[test]
fn what_is_no_name_server_is_passed_by() {
    let mut net = Net::new(config());
    // A daemon, but without a name server.
    net.host("localhost", 9000, "other", Who("other"));
    net.name_server("127.0.1.1", 9000, &names());
    net.host("far", 1, "obj_1", Who("it"));
    let proxy = net.client.proxy("PYRONAME:thing").expect("a uri");
    let call = net.call(proxy, "who");
    assert_eq!(net.end(call), Ok("it".into()));
    assert!(net.steps.iter().any(|step| step.contains("unknown object")), "{:?}", net.steps);
}
