//! `firesteel ns`: a name server for the programs of Pyro5 and Pyro4, as `pyro5-ns` is one.

use std::io::ErrorKind;

use clap::Args;
use firesteel::nameserver::{Autoclean, Options as ServiceOptions, Place, Service, StorageKind};
use firesteel::{Location, Nat, Settings, Uri};

use crate::failure::Failure;
use crate::{output, settings, signals};

/// Run a name server for the programs of Pyro5, Pyro4 and firesteel at once, like pyro5-ns.
///
/// It runs until Ctrl-C.
#[derive(Args)]
#[command(args_override_self = true)]
pub struct Options {
    /// Host name or address to listen on; default PYRO_HOST, or localhost
    #[arg(short = 'n', long)]
    host: Option<String>,
    /// Port to listen on; 0 takes one that is free; default PYRO_NS_PORT, or 9090
    #[arg(short, long)]
    port: Option<u16>,
    /// Listen on a unix socket at this path instead
    #[arg(short, long, value_name = "PATH")]
    unixsocket: Option<String>,
    /// Where names are kept: memory, or sql:FILE for a sqlite file as Pyro's name servers have it
    #[arg(short, long, default_value = "memory", value_parser = str::parse::<StorageKind>)]
    storage: StorageKind,
    /// Host name or address to listen on for broadcasts; default PYRO_NS_BCHOST, or all addresses
    #[arg(long)]
    bchost: Option<String>,
    /// Port to listen on for broadcasts; 0 takes one that is free; default PYRO_NS_BCPORT, or 9091
    #[arg(long)]
    bcport: Option<u16>,
    /// Host name or address at which a router takes connections; default PYRO_NATHOST
    #[arg(long)]
    nathost: Option<String>,
    /// The router's port, where it is another one; default PYRO_NATPORT
    #[arg(long)]
    natport: Option<u16>,
    /// Answer no broadcasts
    #[arg(short = 'x', long)]
    nobc: bool,
}

/// Serves until told to end.
pub fn run(options: &Options) -> Result<(), Failure> {
    let (place, service) = prepare(options, settings::settings()?)?;
    let mut service = start(&place, service)?;
    signals::on_end(service.stopper())?;
    announce(&service)?;
    service.run().map_err(|error| Failure::Failed(format!("cannot wait for connections: {error}")))?;
    // Storage and broadcasts end before that is said.
    drop(service);
    output::line("NS shut down.")
}

fn prepare(options: &Options, mut settings: Settings) -> Result<(Place, ServiceOptions), Failure> {
    let config = &mut settings.config;
    if let Some(host) = options.nathost.as_ref().filter(|host| !host.is_empty()) {
        let port = config.nat.as_ref().map_or(0, |nat| nat.port);
        config.nat = Some(Nat { host: host.clone(), port });
    }
    match (&mut config.nat, options.natport) {
        (Some(nat), Some(port)) => nat.port = port,
        (None, Some(1..)) => return Err(Failure::Usage("--natport says nothing without --nathost".to_owned())),
        _ => {}
    }
    let (host, port) = (options.host.as_ref().unwrap_or(&settings.host), options.port.unwrap_or(config.naming.port));
    let place = match &options.unixsocket {
        Some(path) => Place::Unix(path.clone()),
        None => Place::tcp(host, port),
    };
    let mut service = from_settings(settings);
    service.storage = options.storage.clone();
    service.broadcast = !options.nobc;
    service.broadcast_host = options.bchost.clone().unwrap_or(service.broadcast_host);
    service.broadcast_port = options.bcport.unwrap_or(service.broadcast_port);
    Ok((place, service))
}

/// A name server as the environment asks for it.
pub fn from_settings(settings: Settings) -> ServiceOptions {
    let Settings { config, broadcast_host, autoclean, .. } = settings;
    let mut service = ServiceOptions::default();
    service.broadcast_host = broadcast_host;
    service.broadcast_port = config.naming.broadcast_port;
    service.autoclean = autoclean.map(|interval| {
        let mut autoclean = Autoclean::every(interval);
        autoclean.timeout = config.call_timeout.unwrap_or(autoclean.timeout);
        autoclean
    });
    service.config = config;
    service
}

/// Starts it.
pub fn start(place: &Place, service: ServiceOptions) -> Result<Service, Failure> {
    Service::start(place, service).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        _ => Failure::Failed(format!(
            "cannot start a name server: {error}: choose other places with --host, --port, --bcport, --unixsocket or \
             --storage, or with PYRO_NS_PORT and PYRO_NS_BCPORT"
        )),
    })
}

/// The lines that `pyro5-ns` prints.
fn announce(service: &Service) -> Result<(), Failure> {
    match (service.ip(), service.broadcast()) {
        (_, Some(broadcast)) => output::line(format_args!("Broadcast server running on {}", broadcast.local_addr()))?,
        (Some(ip), None) if ip.is_ipv6() => output::line("Not starting broadcast server for IPv6.")?,
        (Some(ip), None) if ip.is_loopback() => output::line("Not starting broadcast server for localhost.")?,
        _ => {}
    }
    // Its own entry is not counted.
    let existing = service.count().map_err(|error| Failure::Failed(format!("cannot read the names: {error}")))?;
    if existing > 1 {
        output::line(format_args!("Persistent store contains {existing} existing registrations."))?;
    }
    let location = service.location().map(Location::to_string).unwrap_or_default();
    match service.ip() {
        Some(ip) => output::line(format_args!("NS running on {location} ({ip})"))?,
        None => output::line(format_args!("NS running on {location} (Unix domain socket)"))?,
    }
    let uri = |name: &str, uri: Uri| output::line(format_args!("{name} = {uri}"));
    if service.nat().is_some() {
        uri("internal URI", service.internal_uri())?;
        uri("external URI", service.uri())
    } else {
        uri("URI", service.uri())
    }
}
