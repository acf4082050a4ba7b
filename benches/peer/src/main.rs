//! firesteel measured beside its peers.
//!
//! Machines drift, so only ratios count: `compare` takes each measurement beside a raw reference,
//! which moves the same bytes over the same transport, in turns within one run.
#![forbid(unsafe_code)]

mod async_client;
mod cases;
mod compare;
mod idle;
mod measure;
mod names;
mod on_async;
mod process;
mod raw;
mod raw_async;
mod raw_mio;
mod serde_table;
mod server;

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// firesteel measured beside its peers.
#[derive(Parser)]
#[command(name = "firesteel-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve an object `bench` on a free port of 127.0.0.1, or on a unix socket.
    Server {
        transport: Transport,
        #[arg(long, default_value = "blocking")]
        adapter: Adapter,
    },
    /// Measure one case against a server; prints one JSON line.
    Client {
        uri: String,
        case: cases::Case,
        /// How long to measure.
        seconds: f64,
        /// How many connections the cases `conc` and `idle` open.
        n: usize,
        #[arg(long, default_value = "blocking")]
        adapter: Adapter,
        #[arg(long, default_value = "serpent")]
        serializer: String,
    },
    /// Read and write the files `record.*` and `big.*` of a folder, beside other crates and Python; prints JSON lines.
    Serde {
        data: PathBuf,
        /// The Python to measure, too; without this, python3 where there is one.
        #[arg(long)]
        python: Option<PathBuf>,
    },
    /// Write these files into a folder.
    Records { data: PathBuf },
    /// Serve names on a free port of 127.0.0.1, kept in memory, or as `sql:FILE` says.
    NameServer {
        #[arg(default_value = "memory")]
        storage: String,
    },
    /// Measure the name server beside Pyro5's and beside sqlite itself, in turns; prints ratios.
    Names {
        /// How long each turn takes.
        #[arg(default_value_t = 1.0)]
        seconds: f64,
        /// How many turns each gets.
        #[arg(default_value_t = 3)]
        turns: usize,
        /// A Python that has Pyro5, for its name server.
        #[arg(long)]
        python: Option<PathBuf>,
    },
    /// Serve the raw reference: an echo without a protocol.
    RawServer {
        transport: Transport,
        #[arg(long, default_value = "blocking")]
        adapter: Adapter,
    },
    /// Measure the raw reference: request and answer of these sizes; prints one JSON line.
    RawClient {
        uri: String,
        seconds: f64,
        request: usize,
        answer: usize,
        /// Requests in one write.
        #[arg(default_value_t = 1)]
        pipe: usize,
        #[arg(long, default_value = "blocking")]
        adapter: Adapter,
    },
    /// Measure cases beside the raw reference, in turns, server and client on one core; prints ratios.
    Compare {
        /// How long each turn takes.
        #[arg(default_value_t = 1.0)]
        seconds: f64,
        /// How many turns each gets.
        #[arg(default_value_t = 5)]
        turns: usize,
        /// Server and client on a core of their own.
        #[arg(long)]
        two_cores: bool,
        /// What the servers run on, ours and the raw one.
        #[arg(long, default_value = "blocking")]
        adapter: Adapter,
        /// How many connections the case `conc` opens.
        #[arg(long, default_value_t = 256)]
        connections: usize,
        /// How many connections the case `idle` opens.
        #[arg(long, default_value_t = 8_000)]
        idle: usize,
        /// These cases alone, with commas between them.
        #[arg(long, value_delimiter = ',', value_enum)]
        cases: Vec<cases::Case>,
        #[arg(long, value_delimiter = ',', value_enum, default_value = "tcp,unix")]
        transports: Vec<Transport>,
    },
}

/// What bytes travel over.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Transport {
    Tcp,
    Unix,
}

/// Which loop drives the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Adapter {
    Blocking,
    Mio,
    Smol,
    /// tokio on one thread.
    Tokio,
    /// tokio with a worker for each core.
    #[value(name = "tokiothreads")]
    TokioThreads,
}

impl Adapter {
    fn is_async(self) -> bool {
        matches!(self, Self::Tokio | Self::TokioThreads | Self::Smol)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Server { transport, adapter } => server::serve(transport, adapter),
        Command::Client { adapter: Adapter::Mio, .. } => Err("there is no client on mio here".into()),
        Command::Client { uri, case: cases::Case::Idle, n, .. } => idle::hold(&uri, n),
        Command::Client { uri, case, seconds, n, adapter, serializer } if adapter.is_async() => {
            let time = Duration::from_secs_f64(seconds);
            println!("{}", async_client::run(adapter, &uri, case, time, n, &serializer)?);
            Ok(())
        }
        Command::Client { uri, case, seconds, n, serializer, .. } => {
            println!("{}", cases::run(&uri, case, Duration::from_secs_f64(seconds), n, &serializer)?);
            Ok(())
        }
        Command::Serde { data, python } => serde_table::print(&data, python.or_else(python3).as_deref()),
        Command::Records { data } => serde_table::write(&data),
        Command::RawServer { transport, adapter: Adapter::Blocking } => raw::serve(transport),
        Command::RawServer { transport, adapter: Adapter::Mio } => raw_mio::serve(transport),
        Command::NameServer { storage } => names::serve(&storage),
        Command::Names { seconds, turns, python } => {
            names::compare(Duration::from_secs_f64(seconds), turns, python.as_deref())
        }
        Command::RawServer { transport, adapter } => on_async::serve_raw(adapter, transport),
        Command::RawClient { uri, seconds, request, answer, pipe, adapter } => {
            let (exchange, time) = (raw::Exchange { request, answer, pipe }, Duration::from_secs_f64(seconds));
            let measured = if adapter.is_async() {
                async_client::raw(adapter, &uri, time, exchange)?
            } else {
                raw::measure(&uri, time, exchange)?
            };
            println!("{measured}");
            Ok(())
        }
        Command::Compare { seconds, turns, two_cores, adapter, connections, idle, cases, transports } => {
            let time = Duration::from_secs_f64(seconds);
            compare::run(&compare::Plan { time, turns, two_cores, adapter, connections, idle, cases, transports })
        }
    }
}

/// Where there is a python3 that runs.
fn python3() -> Option<PathBuf> {
    let works = Process::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    works.is_ok_and(|status| status.success()).then(|| PathBuf::from("python3"))
}

/// Where the socket of a server goes.
fn socket_path(name: &str) -> PathBuf {
    let folder = std::env::var_os("FIRESTEEL_BENCH_SOCKETS").map_or_else(std::env::temp_dir, PathBuf::from);
    folder.join(format!("{name}-{}.sock", std::process::id()))
}
