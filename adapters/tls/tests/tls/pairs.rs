//! A client and a daemon that mean well, or misunderstand each other.

use std::time::Duration;

use firesteel_proto::testing::Chunks;
use firesteel_proto::{CallFailure, CloseReason, Config, LayerError, Request, Value};
use firesteel_testkit::{Authority, self_signed};
use firesteel_tls::{Certificate, ClientCertificates, ClientOptions, PeerCertificate, Pem, ServerOptions, Tls};
use proptest::prelude::*;

use crate::common::{
    certificate, client_options, known_client, mutual_options, pair, pki, server_options, trusted, under, with_configs,
};

const URI: &str = "PYRO:thing@anywhere:1";
const ALICE: &str = "CN=alice,O=Firesteel\\, Inc.,C=NL";

fn echo(value: &Value, chunks: Chunks) {
    let mut pair = pair(&mutual_options(), &known_client());
    pair.chunks = chunks;
    let proxy = pair.client.proxy(URI).expect("a uri");
    for _ in 0..3 {
        let answer: Value = pair.call(proxy, &Request::method("echo", &(value,)), &mut ()).expect("an answer");
        assert_eq!(&answer, value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_fragments_mean_the_same(sizes in proptest::collection::vec(1_usize..3000, 1..20), len in 0_usize..60_000) {
        echo(&Value::from("x".repeat(len)), Chunks::of(sizes));
    }
}

#[test]
fn single_bytes_and_large_messages() {
    echo(&Value::from("small"), Chunks::of(vec![1]));
    echo(&Value::from("x".repeat(3_000_000)), Chunks::whole());
}

#[test]
fn the_wire_shows_nothing_of_what_is_said() {
    let mut pair = pair(&server_options(), &client_options());
    let proxy = pair.client.proxy(URI).expect("a uri");
    let answer: String = pair.call(proxy, &Request::method("echo", &("a secret word",)), &mut ()).expect("an answer");
    assert_eq!(answer, "a secret word");
    for (there, back) in pair.traffic() {
        for bytes in [there, back] {
            for part in [&b"secret"[..], b"PYRO", b"echo"] {
                assert!(!bytes.windows(part.len()).any(|window| window == part));
            }
        }
    }
}

#[test]
fn the_gatekeeper_and_the_methods_see_who_it_is() {
    let mut pair = pair(&mutual_options(), &known_client());
    pair.daemon.set_gatekeeper(|knock| match &knock.peer.identity {
        Some(identity) => {
            let certificate = PeerCertificate::of(identity).expect("of this layer");
            assert_eq!((certificate.common_name.as_deref(), certificate.chain.len()), (Some("alice"), 1));
            Ok(Value::from(identity.name.as_str()))
        }
        None => Err("nobody".to_owned()),
    });
    let proxy = pair.client.proxy(URI).expect("a uri");
    assert!(pair.client.identity(proxy).is_none());
    let who: Option<String> = pair.call(proxy, &Request::method("who", &()), &mut ()).expect("an answer");
    assert_eq!(who.as_deref(), Some(ALICE));
    assert_eq!(pair.client.handshake_answer(proxy), Some(&Value::from(ALICE)));
    let server = pair.client.identity(proxy).expect("it showed a certificate");
    assert_eq!(PeerCertificate::of(&server).expect("of this layer").dns_names, ["anywhere"]);
    let session = pair.session_of(proxy).expect("it is there");
    assert_eq!(
        pair.daemon.peer(session).and_then(|peer| peer.identity.as_ref()).map(|it| it.name.as_str()),
        Some(ALICE)
    );
}

#[test]
fn without_a_certificate_nobody_is_known() {
    let mut optional = server_options();
    optional.clients = ClientCertificates::Optional(trusted());
    for (options, client, expected) in [
        (server_options(), known_client(), None),
        (optional.clone(), client_options(), None),
        (optional, known_client(), Some(ALICE)),
    ] {
        let mut pair = pair(&options, &client);
        let proxy = pair.client.proxy(URI).expect("a uri");
        let who: Option<String> = pair.call(proxy, &Request::method("who", &()), &mut ()).expect("an answer");
        assert_eq!(who.as_deref(), expected);
    }
}

/// How a first call fails, at the client and at the server.
#[track_caller]
fn failure(client: Config, server: Config) -> (CloseReason, String) {
    let (mut pair, _) = with_configs(client, server);
    let proxy = pair.client.proxy(URI).expect("a uri");
    let Err(CallFailure::Lost(reason)) = pair.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ()) else {
        panic!("it was let in");
    };
    pair.settle(&mut ());
    (reason, format!("{:?}", pair.daemon_events))
}

fn refused(server: &ServerOptions, client: &ClientOptions) -> (String, String) {
    let (server, client) = (Tls::server(server).expect("good"), Tls::client(client).expect("good"));
    let (reason, at_server) = failure(under(&client), under(&server));
    (reason.to_string(), at_server)
}

#[test]
fn who_is_not_trusted_is_refused_with_a_reason_at_both_ends() {
    let other = Authority::new("somebody else");
    let mut stranger = client_options();
    stranger.certificate = Some(certificate(&other.issue("mallory", &[])));
    let (client, server) = refused(&mutual_options(), &stranger);
    assert!(client.contains("does not trust this end's certificate"), "{client}");
    assert!(server.contains("the client's certificate is signed by nobody"), "{server}");

    let (client, server) = refused(&mutual_options(), &client_options());
    assert!(client.contains("insists on a certificate"), "{client}");
    assert!(server.contains("the client shows no certificate"), "{server}");

    let (client, server) = refused(&server_options(), &ClientOptions::trusting(Pem::text(other.certificate())));
    assert!(client.contains("the server's certificate is signed by nobody"), "{client}");
    assert!(server.contains("does not trust this end's certificate"), "{server}");

    let elsewhere = ServerOptions::new(certificate(&pki().authority.issue("the server", &["elsewhere"])));
    let (client, _) = refused(&elsewhere, &client_options());
    assert!(client.contains("anywhere") && client.contains("elsewhere"), "{client}");
    let mut unchecked = client_options();
    unchecked.check_hostname = false;
    let mut pair = pair(&elsewhere, &unchecked);
    let proxy = pair.client.proxy(URI).expect("a uri");
    pair.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ()).expect("an answer");

    let expired = pki().authority.issue_with("the server", &["anywhere"], |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let (client, _) = refused(&ServerOptions::new(certificate(&expired)), &client_options());
    assert!(client.contains("has expired"), "{client}");
}

/// A certificate that is trusted as it stands is not trusted for what it says that it is not for.
#[test]
fn what_is_trusted_as_it_stands_still_has_its_time_and_its_purpose() {
    let own = self_signed("anywhere");
    let trusting = ClientOptions::trusting(Pem::text(own.certificate.clone()));
    let mut good = pair(&ServerOptions::new(certificate(&own)), &trusting);
    let proxy = good.client.proxy(URI).expect("a uri");
    good.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ()).expect("an answer");

    let make = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut credentials = pki().server.clone();
        let mut params = rcgen::CertificateParams::new(vec!["anywhere".to_owned()]).expect("a name");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        change(&mut params);
        let key = rcgen::KeyPair::generate().expect("randomness");
        credentials.certificate = params.self_signed(&key).expect("signed").pem();
        credentials.key = key.serialize_pem();
        credentials
    };
    let expired = make(&|params| params.not_after = rcgen::date_time_ymd(2002, 1, 1));
    let early = make(&|params| params.not_before = rcgen::date_time_ymd(3001, 1, 1));
    let other_use = make(&|params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth]);
    for (credentials, reason) in
        [(expired, "has expired"), (early, "not valid yet"), (other_use, "not meant for this end")]
    {
        let trusting = ClientOptions::trusting(Pem::text(credentials.certificate.clone()));
        let (client, _) = refused(&ServerOptions::new(certificate(&credentials)), &trusting);
        assert!(client.contains(reason), "{client}");
    }
}

#[test]
fn plaintext_is_told_to_go_unless_it_is_allowed() {
    let mut options = server_options();
    for options in [&options, &mutual_options()] {
        let tls = Tls::server(options).expect("good");
        let (reason, server) = failure(Config::default(), under(&tls));
        let CloseReason::Rejected(reason) = reason else { panic!("{reason:?}") };
        assert!(reason.contains("this server speaks TLS only"), "{reason}");
        assert!(server.contains("Refused"), "{server}");
    }
    options.allow_plain = true;
    let tls = Tls::server(&options).expect("good");
    let (mut plain, _) = with_configs(Config::default(), under(&tls));
    let proxy = plain.client.proxy(URI).expect("a uri");
    plain.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ()).expect("an answer");
    let mut options = mutual_options();
    options.allow_plain = true;
    assert!(Tls::server(&options).expect_err("a way around").to_string().contains("cannot allow plaintext"));
}

#[test]
fn tls_at_a_plain_server_is_named_at_both_ends() {
    let tls = Tls::client(&client_options()).expect("good");
    let (client, server) = failure(under(&tls), Config::default());
    assert!(client.to_string().contains("the server does not speak TLS"), "{client}");
    assert!(server.contains("Protocol(Tls)"), "{server}");
}

#[test]
fn a_side_without_tls_of_its_own_says_what_is_missing() {
    let (server, client) =
        (Tls::server(&server_options()).expect("good"), Tls::client(&client_options()).expect("good"));
    let (reason, _) = failure(under(&server), Config::default());
    assert!(matches!(reason, CloseReason::Layer(LayerError::Refused(_))), "{reason}");
    let config = under(&client);
    assert!(config.check_server().expect_err("no certificate").to_string().contains("SSL_SERVERCERT"));
    let mut daemon = <firesteel_proto::Daemon>::new(crate::common::start(), config);
    let refused = daemon.open(crate::common::start(), crate::common::peer(), None).expect_err("no certificate");
    assert!(refused.to_string().contains("SSL_SERVERCERT"), "{refused}");
    assert!(client.reload_server(&server_options()).is_err());
}

/// Sockets that are given, at both ends of one machine, are plain; those that listeners accept are not.
#[test]
fn given_sockets_of_this_machine_stay_plain() {
    let tls = Tls::server(&server_options()).expect("good").with_client(&client_options()).expect("good");
    let (mut pair, _) = with_configs(under(&tls), under(&tls));
    let proxy = pair.join("thing");
    pair.call::<Value>(proxy, &Request::method("echo", &(1,)), &mut ()).expect("an answer");
    assert!(pair.traffic()[0].0.starts_with(b"PYRO"));
}

#[test]
fn a_new_certificate_is_for_new_connections() {
    let authority = Authority::new("the next authority");
    let tls = Tls::server(&server_options()).expect("good");
    let both = Pem::text(pki().authority.certificate() + &authority.certificate());
    let client = Tls::client(&ClientOptions::trusting(both)).expect("good");
    let (mut pair, _) = with_configs(under(&client), under(&tls));
    let who = |pair: &firesteel_proto::testing::Pair<firesteel_proto::Local>, proxy| {
        pair.client.identity(proxy).map(|identity| identity.name)
    };
    let old = pair.client.proxy(URI).expect("a uri");
    pair.call::<Value>(old, &Request::method("echo", &(1,)), &mut ()).expect("an answer");
    let next: Certificate = certificate(&authority.issue("the next server", &["anywhere"]));
    tls.reload_server(&ServerOptions::new(next)).expect("good");
    let new = pair.client.proxy(URI).expect("a uri");
    for proxy in [old, new] {
        pair.call::<Value>(proxy, &Request::method("echo", &(2,)), &mut ()).expect("an answer");
    }
    assert!(who(&pair, old).expect("known").starts_with("CN=the server,"));
    assert!(who(&pair, new).expect("known").starts_with("CN=the next server,"));
}

/// A peer that connects and says nothing, or does not go on, has the time of a handshake.
#[test]
fn the_handshake_has_its_time() {
    let tls = Tls::client(&client_options()).expect("good");
    let (mut pair, _) = with_configs(under(&tls), under(&Tls::server(&server_options()).expect("good")));
    pair.room = 100;
    let proxy = pair.client.proxy(URI).expect("a uri");
    pair.client.call(pair.now, proxy, &Request::method("echo", &(1,))).expect("sent");
    pair.transfer();
    pair.turn(Duration::from_secs(11));
    pair.daemon.handle_timeout(pair.now);
    assert_eq!(pair.daemon.session_count(), 0);
    assert!(format!("{:?}", pair.daemon.poll_event()).contains("Timeout"));
}
