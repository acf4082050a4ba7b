//! `firesteel echoserver`: serves the object `test.echoserver`, as the echo servers of Pyro5 and Pyro4 do, to clients of both.

mod delay;
mod names;
mod object;

use clap::Args;
use firesteel::blocking::Server;
use firesteel::{Config, Serializers, Settings, Shared, Whereabouts};

use self::names::{OwnNames, publish};
use self::object::EchoServer;
use crate::arguments::serializers;
use crate::failure::Failure;
use crate::{output, settings, signals};

/// Serve the test object `test.echoserver` to clients of Pyro5 and Pyro4, like pyro5-echoserver.
///
/// It runs until its shutdown() is called, or until Ctrl-C.
#[derive(Args)]
#[command(args_override_self = true)]
pub struct Options {
    /// Host name or address to listen on
    #[arg(short = 'H', long, default_value = "localhost")]
    host: String,
    /// Port to listen on; 0 takes one that is free
    #[arg(short, long, default_value_t = 0)]
    port: u16,
    /// Listen on a unix socket at this path instead
    #[arg(short, long, value_name = "PATH")]
    unixsocket: Option<String>,
    /// Accept these serializers alone, with commas between them; pickle, dill and cloudpickle are refused
    /// unless they are named here
    #[arg(long, value_name = "NAMES", value_parser = serializers)]
    serializers: Option<Serializers>,
    /// Register it in a name server, as long as it runs
    #[arg(short, long)]
    naming: bool,
    /// Start a name server, too, on PYRO_NS_PORT, and register it there
    #[arg(short = 'N', long)]
    nameserver: bool,
    /// Print the calls that come
    #[arg(short, long)]
    verbose: bool,
    /// Print nothing (--verbose wins)
    #[arg(short, long)]
    quiet: bool,
}

/// The name that Pyro's echo server has, too.
const OBJECT: &str = "test.echoserver";
/// Python's clients send the annotations of their context with the handshake, too: more than the default lets in.
const MAX_HANDSHAKE: usize = 1 << 20;

/// Serves until told to end.
pub fn run(options: &Options) -> Result<(), Failure> {
    let settings = settings::settings()?;
    let Settings { mut config, workers, .. } = settings.clone();
    config.limits.max_handshake = config.limits.max_message.min(MAX_HANDSHAKE);
    config.serializers = options.serializers.unwrap_or(config.serializers);
    config.check_server().map_err(|error| Failure::Failed(error.to_string()))?;
    let quiet = options.quiet && !options.verbose;
    let print = |text: String| if quiet { Ok(()) } else { output::line(text) };

    print("Starting firesteel's built-in test echo server.".to_owned())?;
    let own = if options.nameserver { Some(OwnNames::start(&options.host, settings.clone())?) } else { None };
    let mut server = bind(&options.address(), workers, config)?;
    signals::on_end(server.stopper())?;
    let object =
        EchoServer::new(server.stopper(), options.verbose).map_err(|error| failed("start a thread", &error))?;
    server.daemon.register(OBJECT, object).map_err(|error| failed("register the object", &error))?;
    let at = own.as_ref().map_or(Whereabouts::Anywhere { port: None }, |own| Whereabouts::At(own.location.clone()));
    let is_published = options.naming || options.nameserver;
    let published = if is_published { Some(publish(&settings.config, at, &server.uri(OBJECT))?) } else { None };
    if options.verbose {
        let using = published.as_ref().and_then(|published| published.name_server().caller().resolved());
        print(
            using.map_or_else(|| "not using a name server.".to_owned(), |uri| format!("using name server at {uri}")),
        )?;
    }
    if let Some(own) = own.as_ref().filter(|_| options.verbose) {
        print(own.broadcast.map_or_else(
            || "not using a broadcast server".to_owned(),
            |address| format!("broadcast server running at {address}"),
        ))?;
    }
    print(format!("object name: {OBJECT}"))?;
    print(format!("echo uri: {}", server.uri(OBJECT)))?;
    print("echoserver running.".to_owned())?;
    let ended = server.run_threads(workers + 1).map_err(|error| failed("wait for connections", &error));
    drop((published, own));
    ended
}

impl Options {
    fn address(&self) -> String {
        match &self.unixsocket {
            Some(path) => format!("./u:{path}"),
            None if self.host.contains(':') && !self.host.starts_with('[') => format!("[{}]:{}", self.host, self.port),
            None => format!("{}:{}", self.host, self.port),
        }
    }
}

fn bind(address: &str, workers: usize, config: Config) -> Result<Server<Shared>, Failure> {
    Server::shared_with(address, &Shared::new(), workers, config).map_err(|error| {
        Failure::Failed(format!(
            "cannot listen on {address}: {error}: choose another with --host, --port or --unixsocket"
        ))
    })
}

fn failed(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::Failed(format!("cannot {what}: {error}"))
}
