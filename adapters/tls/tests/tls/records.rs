//! Records of every kind that TLS has: new keys, tickets, the older version.

use std::sync::Arc;

use firesteel_tls::Tls;
use rustls::HandshakeKind;

use crate::common::{Bare, bare_config, daemon, messages, mutual_options, pki, server_options, under};

fn said(bare: &Bare, text: &str) -> bool {
    String::from_utf8_lossy(&bare.heard).contains(text)
}

#[test]
fn new_keys_change_nothing() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut bare = Bare::open(&mut daemon, bare_config());
    bare.say(&messages(&[]));
    bare.exchange(&mut daemon);
    for text in ["one", "two", "three"] {
        bare.connection.refresh_traffic_keys().expect("TLS 1.3");
        // Without the handshake, which was before.
        let call = messages(&[("echo", text)]);
        bare.say(&call[messages(&[]).len()..]);
        bare.exchange(&mut daemon);
        assert!(said(&bare, text) && bare.error.is_none(), "{:?}", bare.error);
    }
}

#[test]
fn sessions_are_resumed_with_tickets() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let config = Arc::new(bare_config());
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let mut bare = Bare::with(&mut daemon, Arc::clone(&config));
        bare.say(&messages(&[("echo", "again")]));
        bare.exchange(&mut daemon);
        assert!(said(&bare, "again"));
        kinds.push(bare.connection.handshake_kind());
    }
    assert_eq!(kinds, [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed), Some(HandshakeKind::Resumed)]);
}

/// What was proved once is known again.
#[test]
fn who_resumes_is_still_somebody() {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let mut config = bare_config();
    let (certificate, key) = (&pki().client.certificate, &pki().client.key);
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = config.crypto_provider().clone();
    let signing = provider.key_provider.load_private_key(key).expect("a key");
    config.client_auth_cert_resolver =
        Arc::new(rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(chain, signing)));
    let config = Arc::new(config);
    let (mut daemon, _) = daemon(under(&Tls::server(&mutual_options()).expect("good")));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut bare = Bare::with(&mut daemon, Arc::clone(&config));
        bare.say(&messages(&[]));
        bare.exchange(&mut daemon);
        assert_eq!(bare.connection.handshake_kind(), Some(kind));
        let identity = daemon.peer(bare.id).and_then(|peer| peer.identity.clone()).expect("known");
        assert_eq!(identity.name, "CN=alice,O=Firesteel\\, Inc.,C=NL");
    }
}

#[test]
fn the_older_version_works_too() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS12]);
    let mut roots = rustls::RootCertStore::empty();
    let authority = pki().authority.certificate();
    let authority = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(
        authority.as_bytes(),
    );
    roots.add(authority.expect("a certificate")).expect("an authority");
    let config = builder.expect("a version").with_root_certificates(roots).with_no_client_auth();
    let mut bare = Bare::open(&mut daemon, config);
    bare.say(&messages(&[("echo", "as before")]));
    bare.exchange(&mut daemon);
    assert!(said(&bare, "as before"));
    assert_eq!(bare.connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
}

/// One byte of plaintext in each record.
#[test]
fn tiny_records_are_put_together() {
    let (mut daemon, _) = daemon(under(&Tls::server(&server_options()).expect("good")));
    let mut config = bare_config();
    config.max_fragment_size = Some(32);
    let mut bare = Bare::open(&mut daemon, config);
    bare.exchange(&mut daemon);
    for byte in messages(&[("echo", "in pieces")]) {
        bare.say(&[byte]);
    }
    bare.exchange(&mut daemon);
    assert!(said(&bare, "in pieces"));
}
