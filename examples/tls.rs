//! Mutual TLS: both sides show a certificate, and the object sees who calls. The certificates are made here, for this run.

use std::sync::Arc;
use std::thread;

use firesteel::blocking::{Connector, Server};
use firesteel::tls::{Certificate, ClientCertificates, ClientOptions, PeerCertificate, Pem, ServerOptions, Tls};
use firesteel::{CallFailure, Config, Context, Shared, expose};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};

struct Vault;

#[expose]
impl Vault {
    /// Greets by the name in the client's certificate.
    pub fn open(&self, cx: &mut Context<'_>) -> String {
        match cx.peer().identity.as_ref().and_then(PeerCertificate::of) {
            Some(certificate) => format!("welcome, {}", certificate.common_name.as_deref().unwrap_or("stranger")),
            None => "who are you?".to_owned(),
        }
    }
}

fn main() -> Result<(), Error> {
    let authority = authority()?;
    let trusted = Pem::text(authority.pem()); // or a path: `Pem::from("authority.pem")`

    let mut options = ServerOptions::new(certificate(&authority, "the vault", &["localhost"])?);
    options.clients = ClientCertificates::Required(trusted.clone());
    let tls = Tls::server(&options)?;
    let mut config = Config::default();
    config.layers = Some(Arc::new(tls.clone()));
    let objects = Shared::new();
    objects.register("vault", Vault)?;
    let mut server = Server::shared_with("localhost:0", &objects, 2, config)?;
    server.set_gatekeeper(|knock| {
        // The same identity, before anybody is let in.
        let name = knock.peer.identity.as_ref().map_or("nobody", |identity| &identity.name);
        println!("knocking: {name}");
        if name.starts_with("CN=alice,") { Ok("come in".into()) } else { Err(format!("{name} has no key")) }
    });
    let (uri, stopper) = (server.uri("vault").to_string(), server.stopper());
    println!("the vault is at {uri}");

    let alice = client(&trusted, Some(certificate(&authority, "alice", &[])?))?;
    let mallory = client(&trusted, Some(certificate(&authority, "mallory", &[])?))?;
    let nobody = client(&trusted, None)?;
    let renewed = certificate(&authority, "the new vault", &["localhost"])?;
    let calls = thread::spawn(move || {
        let result = visit(&uri, &alice, &mallory, &nobody, || {
            options.certificate = renewed;
            tls.reload_server(&options)
        });
        stopper.stop();
        result
    });
    server.run_threads(3)?;
    calls.join().expect("the clients do not panic")
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn visit(
    uri: &str,
    alice: &Connector,
    mallory: &Connector,
    nobody: &Connector,
    renew: impl FnOnce() -> Result<(), firesteel::tls::TlsError>,
) -> Result<(), Error> {
    let vault = alice.proxy(uri)?;
    println!("alice: {}", vault.call::<String>("open", &())?);
    println!("alice talks to {}", vault.identity().expect("it showed a certificate").name);
    for (name, connector) in [("mallory", mallory), ("nobody", nobody)] {
        match connector.proxy(uri)?.call::<String>("open", &()) {
            Err(CallFailure::Lost(reason)) => println!("{name}: {reason}"),
            other => println!("{name}: {other:?}"),
        }
    }
    // New connections see the new certificate; this one goes on with the old.
    renew()?;
    println!("alice still talks to {}", vault.identity().expect("it showed a certificate").name);
    let again = alice.proxy(uri)?;
    again.call::<String>("open", &())?;
    println!("and in a new connection to {}", again.identity().expect("it showed a certificate").name);
    Ok(())
}

fn client(trusted: &Pem, certificate: Option<Certificate>) -> Result<Connector, Error> {
    let mut options = ClientOptions::trusting(trusted.clone());
    options.certificate = certificate;
    let mut config = Config::default();
    config.layers = Some(Arc::new(Tls::client(&options)?));
    Ok(Connector::new(config))
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = subject("the authority");
    Authority::self_signed(params, KeyPair::generate()?)
}

fn certificate(authority: &Authority, name: &str, hosts: &[&str]) -> Result<Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(hosts.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name = subject(name);
    let key = KeyPair::generate()?;
    let signed = params.signed_by(&key, authority)?;
    Ok(Certificate::new(Pem::text(signed.pem()), Pem::text(key.serialize_pem())))
}

fn subject(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Example");
    subject.push(DnType::CommonName, name);
    subject
}
