//! What a certificate tells of who has it.

use std::fmt;

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};

/// The certificate with which a peer proved who it is: the details of an [`Identity`](firesteel_proto::Identity).
///
/// ```
/// use firesteel_proto::Peer;
/// use firesteel_tls::PeerCertificate;
///
/// fn serial_number(peer: &Peer) -> Option<String> {
///     let certificate = PeerCertificate::of(peer.identity.as_ref()?)?;
///     Some(certificate.serial_number.clone())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCertificate {
    /// The certificate and those that the peer sent along with it, as DER: the peer's own first.
    pub chain: Vec<Vec<u8>>,
    /// The subject as RFC 4514 writes it, such as `CN=alice,O=Example,C=NL`.
    pub subject: String,
    /// The common name (CN) in the subject.
    pub common_name: Option<String>,
    /// Who signed it, written in the same way.
    pub issuer: String,
    /// The serial number in hexadecimal, as Python shows it.
    pub serial_number: String,
    /// The names of hosts that it is for.
    pub dns_names: Vec<String>,
}

impl PeerCertificate {
    /// The certificate behind an identity; none where that comes from another layer.
    pub fn of(identity: &firesteel_proto::Identity) -> Option<&Self> {
        identity.details.downcast_ref()
    }

    /// Reads the first certificate of a chain.
    pub(crate) fn read(chain: &[CertificateDer<'_>]) -> Self {
        let all = chain.iter().map(|certificate| certificate.as_ref().to_vec()).collect();
        let parsed = chain.first().and_then(|own| Certificate::from_der(own).ok());
        let Some(parsed) = parsed else {
            // The verifier took it, so that it is somebody; nothing can be said of whom.
            let (subject, issuer, serial_number) = (String::new(), String::new(), String::new());
            return Self { chain: all, subject, common_name: None, issuer, serial_number, dns_names: Vec::new() };
        };
        let body = parsed.tbs_certificate();
        let serial = body.serial_number().as_bytes();
        // A leading zero only says that the number is not negative.
        let serial = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
        Self {
            chain: all,
            subject: body.subject().to_string(),
            common_name: common_name(&parsed),
            issuer: body.issuer().to_string(),
            serial_number: serial.iter().map(|byte| format!("{byte:02X}")).collect(),
            dns_names: dns_names(&parsed).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PeerCertificate");
        shown.field("subject", &self.subject).field("issuer", &self.issuer).field("serial_number", &self.serial_number);
        shown.finish_non_exhaustive()
    }
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Server,
    Client,
}

/// Whether a certificate that is trusted as it stands may be used now, for this.
pub(crate) fn check_usable(
    certificate: &CertificateDer<'_>,
    purpose: Purpose,
    now: UnixTime,
) -> Result<(), rustls::CertificateError> {
    use rustls::CertificateError::{BadEncoding, Expired, InvalidPurpose, NotValidYet};
    let parsed = Certificate::from_der(certificate).map_err(|_| BadEncoding)?;
    let body = parsed.tbs_certificate();
    let (from, to) = (body.validity().not_before, body.validity().not_after);
    if now.as_secs() < from.to_unix_duration().as_secs() {
        return Err(NotValidYet);
    }
    if now.as_secs() > to.to_unix_duration().as_secs() {
        return Err(Expired);
    }
    // Without the extension, it is for everything.
    let usage = body.get_extension::<ExtendedKeyUsage>().map_err(|_| BadEncoding)?;
    let wanted = match purpose {
        Purpose::Server => "1.3.6.1.5.5.7.3.1",
        Purpose::Client => "1.3.6.1.5.5.7.3.2",
    };
    const ANY: &str = "2.5.29.37.0";
    let fits = |usage: &ExtendedKeyUsage| usage.0.iter().map(ToString::to_string).any(|id| id == wanted || id == ANY);
    if usage.is_none_or(|(_, usage)| fits(&usage)) { Ok(()) } else { Err(InvalidPurpose) }
}

/// True where a certificate names no host in the way that is usual now, and its common name is this one: the old
/// way, which Python still goes, and which Pyro's own certificates need.
pub(crate) fn is_commonly_named(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(parsed) = Certificate::from_der(certificate) else { return false };
    let named = dns_names(&parsed);
    named.is_none() && common_name(&parsed).is_some_and(|name| name.eq_ignore_ascii_case(host))
}

fn common_name(certificate: &Certificate) -> Option<String> {
    let name = certificate.tbs_certificate().subject().common_name().ok()??;
    Some(name.value().to_string())
}

/// The names of hosts; none where there is no such extension at all.
fn dns_names(certificate: &Certificate) -> Option<Vec<String>> {
    match certificate.tbs_certificate().get_extension::<SubjectAltName>() {
        Ok(found) => found.map(|(_, names)| {
            let dns = names.0.iter().filter_map(|name| match name {
                GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
                _ => None,
            });
            dns.collect()
        }),
        // One that cannot be read names nobody.
        Err(_) => Some(Vec::new()),
    }
}
