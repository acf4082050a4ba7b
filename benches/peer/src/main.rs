//! firesteel measured beside its peers.
//!
//! Machines drift, so only ratios count: `compare` takes each measurement beside a raw reference,
//! which moves the same bytes over the same transport, in turns within one run.
#![forbid(unsafe_code)]

mod cases;
mod compare;
mod measure;
mod raw;
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
        /// How many connections the case `conc` opens.
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
    /// Serve the raw reference: an echo without a protocol.
    RawServer { transport: Transport },
    /// Measure the raw reference: request and answer of these sizes; prints one JSON line.
    RawClient {
        uri: String,
        seconds: f64,
        request: usize,
        answer: usize,
        /// Requests in one write.
        #[arg(default_value_t = 1)]
        pipe: usize,
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
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Adapter {
    Blocking,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Server { transport, adapter: Adapter::Blocking } => server::serve(transport),
        Command::Client { uri, case, seconds, n, adapter: Adapter::Blocking, serializer } => {
            println!("{}", cases::run(&uri, case, Duration::from_secs_f64(seconds), n, &serializer)?);
            Ok(())
        }
        Command::Serde { data, python } => serde_table::print(&data, python.or_else(python3).as_deref()),
        Command::Records { data } => serde_table::write(&data),
        Command::RawServer { transport } => raw::serve(transport),
        Command::RawClient { uri, seconds, request, answer, pipe } => {
            let exchange = raw::Exchange { request, answer, pipe };
            println!("{}", raw::measure(&uri, Duration::from_secs_f64(seconds), exchange)?);
            Ok(())
        }
        Command::Compare { seconds, turns, two_cores, cases, transports } => {
            compare::run(seconds, turns, two_cores, &cases, &transports)
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
