//! Cases beside the raw reference: in turns, so that the machine's drift meets both.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::cases::{self, Case, PIPE};
use crate::measure::{Measured, WARM_UP};
use crate::process::{cpu_time, memory, raise_file_limit};
use crate::raw::{self, Exchange};
use crate::{Adapter, Transport, idle};

/// What every message has: its header, and the first line of serpent.
const HEAD: usize = 40 + "# serpent utf-8 python3.2\n".len();
const NOP: Exchange = Exchange { request: HEAD + "('bench','nop',(),{})".len(), answer: HEAD + "None".len(), pipe: 1 };
const PIPED: Exchange = Exchange { pipe: PIPE, ..NOP };
/// Ten megabytes, which serpent writes in base64.
const LARGE: usize = (10 << 20) / 3 * 4;

/// What a case is compared with.
fn reference(case: Case) -> Option<Exchange> {
    Some(match case {
        Case::Nop | Case::Connect => NOP,
        // Without an answer, one write each is what there is to it: the ratio tells how it does beside calls.
        Case::Oneway | Case::Corked => NOP,
        Case::Echo64 => with_text(1),
        Case::Pipe64 | Case::Stream | Case::Batch100 => PIPED,
        Case::Pipe64echo => with_text(PIPE),
        Case::Put10m => Exchange { request: LARGE, ..NOP },
        Case::Get10m => Exchange { answer: LARGE, ..NOP },
        Case::Conc | Case::Idle | Case::Record => return None,
    })
}

fn with_text(pipe: usize) -> Exchange {
    let request = HEAD + "('bench','echo',('',),{})".len() + 64;
    Exchange { request, answer: HEAD + 66, pipe }
}

const CASES: [Case; 9] = [
    Case::Nop,
    Case::Pipe64,
    Case::Oneway,
    Case::Corked,
    Case::Batch100,
    Case::Stream,
    Case::Connect,
    Case::Put10m,
    Case::Get10m,
];

/// A server of ours, ended with this.
struct Server(Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts one of this program's servers.
    fn start(command: &str, transport: Transport, adapter: Adapter) -> Result<Self, Box<dyn Error>> {
        let name = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
        let arguments = [command, &name(&transport), "--adapter", &name(&adapter)];
        let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self(child, String::new());
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        server.1 = line.trim().strip_prefix("READY ").ok_or("the server did not start")?.to_owned();
        Ok(server)
    }

    fn process(&self) -> u32 {
        self.0.id()
    }
}

/// What is compared, and how.
pub struct Plan {
    /// How long each turn takes.
    pub time: Duration,
    pub turns: usize,
    /// Server and client on a core of their own.
    pub two_cores: bool,
    pub adapter: Adapter,
    /// Of the case `conc`.
    pub connections: usize,
    /// Connections of the case `idle`.
    pub idle: usize,
    /// All but `conc` and `idle` where there are none.
    pub cases: Vec<Case>,
    pub transports: Vec<Transport>,
}

/// Prints rates and the ratio for each transport and case.
pub fn run(plan: &Plan) -> Result<(), Box<dyn Error>> {
    raise_file_limit()?;
    let cases = if plan.cases.is_empty() { CASES.as_slice() } else { &plan.cases };
    for transport in &plan.transports {
        let name = format!("{transport:?}").to_lowercase();
        // Children inherit the core.
        pin(usize::from(plan.two_cores))?;
        let start = |command| Server::start(command, *transport, plan.adapter);
        let (ours, raw) = (start("server")?, start("raw-server")?);
        pin(0)?;
        for case in cases {
            match case {
                Case::Conc => compare_cost(&name, &ours, &raw, plan)?,
                // What earlier cases have left in memory would not count.
                Case::Idle => compare_memory(&name, &start("server")?, &start("raw-server")?, plan.idle)?,
                case => compare(&name, *case, (&ours.1, &raw.1), plan)?,
            }
        }
    }
    Ok(())
}

fn compare(transport: &str, case: Case, (ours, raw): (&str, &str), plan: &Plan) -> Result<(), Box<dyn Error>> {
    let Some(exchange) = reference(case) else {
        println!("{transport}: nothing to compare {case:?} with");
        return Ok(());
    };
    let time = plan.time;
    let mut rounds = Vec::new();
    for _ in 0..plan.turns {
        let raw = match case {
            Case::Connect => raw::measure_connects(raw, time, cases::MOST_CONNECTS, exchange)?,
            _ => raw::measure(raw, time, exchange)?,
        };
        let ours = cases::run(ours, case, time, 1, "serpent")?;
        rounds.push((ours.rate / raw.rate, ours.rate, raw.rate));
    }
    let (ratio, ours, raw) = median(rounds)?;
    println!("{transport}: {case:?} {ours:.0}/s, raw {raw:.0}/s, median ratio {ratio:.3}");
    Ok(())
}

/// What the servers' processors do for one call of many connections.
fn compare_cost(transport: &str, ours: &Server, raw: &Server, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let (time, n) = (plan.time, plan.connections);
    let cost = |server: &Server, measure: &dyn Fn() -> Result<Measured, Box<dyn Error>>| {
        let before = cpu_time(server.process())?;
        let measured = measure()?;
        // The calls before the measurement cost, too.
        let calls = measured.ops as f64 + (n * WARM_UP) as f64;
        Ok::<_, Box<dyn Error>>((cpu_time(server.process())? - before).as_secs_f64() * 1e6 / calls)
    };
    let mut rounds = Vec::new();
    for _ in 0..plan.turns {
        let raw = cost(raw, &|| raw::measure_concurrent(&raw.1, time, n, NOP))?;
        let ours = cost(ours, &|| cases::run(&ours.1, Case::Conc, time, n, "serpent"))?;
        rounds.push((ours / raw, ours, raw));
    }
    let (ratio, ours, raw) = median(rounds)?;
    println!(
        "{transport}: server CPU per call of {n} connections {ours:.2} us, raw {raw:.2} us, median ratio {ratio:.3}"
    );
    Ok(())
}

/// What the servers hold for connections that are idle.
fn compare_memory(transport: &str, ours: &Server, raw: &Server, n: usize) -> Result<(), Box<dyn Error>> {
    let (ours_before, raw_before) = (memory(ours.process())?, memory(raw.process())?);
    let held = (idle::open(&ours.1, n)?, raw::hold(&raw.1, n, NOP)?);
    let per_connection = |before: u64, server: &Server| {
        Ok::<_, Box<dyn Error>>(memory(server.process())?.saturating_sub(before) as f64 / 1024.0 / n as f64)
    };
    let (ours, raw) = (per_connection(ours_before, ours)?, per_connection(raw_before, raw)?);
    drop(held);
    println!("{transport}: {n} idle connections, {ours:.2} KiB of the server's memory each, raw {raw:.2} KiB");
    Ok(())
}

/// The round in the middle: its ratio, and the two numbers behind it.
fn median(mut rounds: Vec<(f64, f64, f64)>) -> Result<(f64, f64, f64), Box<dyn Error>> {
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(*rounds.get(rounds.len() / 2).ok_or("no turns")?)
}

/// Keeps this thread, and children started by it, on one core.
fn pin(core: usize) -> Result<(), Box<dyn Error>> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}
