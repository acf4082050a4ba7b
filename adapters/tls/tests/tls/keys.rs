//! Keys in every dress, as OpenSSL makes them.

use std::path::{Path, PathBuf};

use firesteel_testkit::{Authority, Folder};
use firesteel_tls::{Certificate, ClientCertificates, ClientOptions, Pem, ServerOptions, Tls, TlsError};

use crate::common::{certificate, pki, trusted};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)
}

fn load(key: &str, password: Option<&str>) -> Result<Tls, TlsError> {
    let mut certificate = Certificate::new(file("certificate.pem"), file(key));
    certificate.password = password.map(str::to_owned);
    Tls::server(&ServerOptions::new(certificate))
}

#[test]
fn keys_are_decrypted_with_their_password() {
    for key in ["plain.pem", "sec1.pem", "encrypted.pem", "scrypt.pem"] {
        // One that is not needed is ignored, as in Python.
        load(key, Some("sesame")).expect(key);
    }
    load("plain.pem", None).expect("not encrypted");
    for key in ["encrypted.pem", "scrypt.pem"] {
        let error = load(key, None).expect_err("no password").to_string();
        assert!(error.contains(key) && error.contains("give its password"), "{error}");
        let error = load(key, Some("open")).expect_err("a wrong password").to_string();
        assert!(error.contains(key) && error.contains("the password is wrong"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    for key in ["legacy.pem", "des3.pem"] {
        let error = load(key, Some("sesame")).expect_err("not supported").to_string();
        assert!(error.contains(key) && error.contains("openssl pkcs8 -topk8"), "{error}");
    }
    for (key, text) in [("no_such.pem", "there is no such file"), ("certificate.pem", "has no private key in it")] {
        let error = load(key, None).expect_err("no key").to_string();
        assert!(error.contains(key) && error.contains(text), "{error}");
    }
    let options = ServerOptions::new(Certificate::new(file("plain.pem"), file("plain.pem")));
    assert!(Tls::server(&options).expect_err("no certificate").to_string().contains("has no certificate in it"));
    let options = ServerOptions::new(Certificate::new(file("certificate.pem"), Pem::text(pki().client.key.clone())));
    assert!(
        Tls::server(&options).expect_err("another's key").to_string().contains("does not belong to the certificate")
    );
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in [nonsense, "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n", ""] {
        assert!(
            matches!(Tls::client(&ClientOptions::trusting(Pem::text(text))), Err(TlsError::Certificate(_))),
            "{text:?}"
        );
    }
}

/// Nobody reads keys or passwords in a log.
#[test]
fn secrets_are_not_shown() {
    let mut options = ServerOptions::new(certificate(&pki().server).password("sesame"));
    options.clients = ClientCertificates::Required(trusted());
    let shown = format!("{options:?} {:?}", Tls::server(&options).expect("good"));
    assert!(!shown.contains("sesame") && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn one_file_may_hold_both_and_a_folder_all_that_are_trusted() {
    let folder = Folder::new();
    let both = folder.put("both.pem", &format!("{}{}", pki().server.key, pki().server.certificate));
    let certificate = Certificate { chain: both.into(), key: None, password: None };
    Tls::server(&ServerOptions::new(certificate)).expect("good");

    let trusted = Folder::new();
    trusted.put("readme.txt", "no certificate");
    let empty = Tls::client(&ClientOptions::trusting(trusted.path())).expect_err("nobody is trusted");
    assert!(empty.to_string().contains("no file in"), "{empty}");
    trusted.put("one.pem", &pki().authority.certificate());
    trusted.put("other.pem", &Authority::new("another").certificate());
    Tls::client(&ClientOptions::trusting(trusted.path())).expect("good");
}
