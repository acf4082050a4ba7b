//! `PYRO_SSL*`: the command over TLS, at both ends and with the real Pyro5.

use std::time::Duration;

use firesteel_testkit::{Authority, Folder, Python};

use crate::running::Firesteel;

/// A folder with certificates, and the variables that name them: for a server, for a client, and for both.
struct Files {
    _folder: Folder,
    server: Vec<(&'static str, String)>,
    client: Vec<(&'static str, String)>,
}

fn files() -> Files {
    let (folder, authority) = (Folder::new(), Authority::new("the authority"));
    let put = |name: &str, text: &str| folder.put(name, text).display().to_string();
    let server = authority.issue("the server", &["localhost", "127.0.0.1"]);
    let client = authority.issue("alice", &[]);
    let trusted = put("authority.pem", &authority.certificate());
    // A file may hold both.
    let both = put("client.pem", &format!("{}{}", client.certificate, client.key));
    let common = || vec![("PYRO_SSL", "1".to_owned()), ("PYRO_SSL_CACERTS", trusted.clone())];
    let mut for_server = common();
    for_server.push(("PYRO_SSL_SERVERCERT", put("server_cert.pem", &server.certificate)));
    for_server.push(("PYRO_SSL_SERVERKEY", put("server_key.pem", &server.key)));
    for_server.push(("PYRO_SSL_REQUIRECLIENTCERT", "1".to_owned()));
    let mut for_client = common();
    for_client.push(("PYRO_SSL_CLIENTCERT", both));
    Files { _folder: folder, server: for_server, client: for_client }
}

fn with(command: Firesteel, variables: &[(&str, String)]) -> Firesteel {
    variables.iter().fold(command, |command, (name, value)| command.env(name, value))
}

#[test]
fn calls_go_over_mutual_tls() {
    let files = files();
    let mut server = with(Firesteel::new(&["echoserver", "-H", "localhost"]), &files.server).start();
    let uri = server.wait_for("echo uri: ");
    let call = ["call", uri.as_str(), "echo", "'hello'"];
    assert_eq!(with(Firesteel::new(&call), &files.client).run().ok(), "'hello'\n");
    assert!(with(Firesteel::new(&["ping", uri.as_str()]), &files.client).run().ok().contains("ms"));
    // Without a certificate, without an authority that is trusted, and without TLS.
    let error = with(Firesteel::new(&call), &files.client[..2]).run().error(1);
    assert!(error.contains("insists on a certificate"), "{error}");
    let error = Firesteel::new(&call).run().error(1);
    assert!(error.contains("this server speaks TLS only"), "{error}");
    let python =
        files.client.iter().fold(Python::source(PYTHON).arg(&uri), |python, (name, value)| python.env(name, value));
    assert_eq!(python.run(Duration::from_secs(60)).stdout, "hello\n");
}

const PYTHON: &str = "
import sys
from Pyro5.api import Proxy
with Proxy(sys.argv[1]) as echo:
    print(echo.echo('hello'))
";

#[test]
fn what_is_wrong_with_the_files_is_said_where_they_are_used() {
    let files = files();
    let nothing = [("PYRO_SSL", "1".to_owned())];
    let error = with(Firesteel::new(&["echoserver", "-p", "0"]), &nothing).run().error(1);
    assert!(error.contains("SSL_SERVERCERT"), "{error}");
    let mut lost = files.server.clone();
    lost[2].1 = "/no/such/file.pem".to_owned();
    let error = with(Firesteel::new(&["echoserver", "-p", "0"]), &lost).run().error(1);
    assert!(error.contains("cannot read /no/such/file.pem: there is no such file"), "{error}");
    let mut lost = files.client.clone();
    lost[1].1 = "/no/such/file.pem".to_owned();
    let mut server = with(Firesteel::new(&["echoserver", "-H", "localhost"]), &files.server).start();
    let uri = server.wait_for("echo uri: ");
    let error = with(Firesteel::new(&["ping", uri.as_str()]), &lost).run().error(1);
    assert!(error.contains("cannot read /no/such/file.pem"), "{error}");
}
