//! Cases beside the raw reference: in turns, so that the machine's drift meets both.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::Transport;
use crate::cases::{self, Case, PIPE};
use crate::raw::{self, Exchange};

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
        Case::Conc | Case::Record => return None,
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

/// Prints rates and the ratio for each transport and case.
pub fn run(
    seconds: f64,
    turns: usize,
    two_cores: bool,
    cases: &[Case],
    transports: &[Transport],
) -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs_f64(seconds);
    let cases = if cases.is_empty() { &CASES } else { cases };
    for transport in transports {
        let transport = format!("{transport:?}").to_lowercase();
        // Children inherit the core.
        pin(usize::from(two_cores))?;
        let ours = start("server", &transport)?;
        let reference = start("raw-server", &transport)?;
        pin(0)?;
        for case in cases {
            compare(&transport, *case, (&ours.1, &reference.1), time, turns)?;
        }
    }
    Ok(())
}

fn compare(
    transport: &str,
    case: Case,
    (ours, raw): (&str, &str),
    time: Duration,
    turns: usize,
) -> Result<(), Box<dyn Error>> {
    let Some(exchange) = reference(case) else {
        println!("{transport}: nothing to compare {case:?} with");
        return Ok(());
    };
    let mut rounds = Vec::new();
    for _ in 0..turns {
        let raw = match case {
            Case::Connect => raw::measure_connects(raw, time, cases::MOST_CONNECTS, exchange)?,
            _ => raw::measure(raw, time, exchange)?,
        };
        let ours = cases::run(ours, case, time, 1, "serpent")?;
        rounds.push((ours.rate / raw.rate, ours.rate, raw.rate));
    }
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, raw) = rounds.get(rounds.len() / 2).ok_or("no turns")?;
    println!("{transport}: {case:?} {ours:.0}/s, raw {raw:.0}/s, median ratio {ratio:.3}");
    Ok(())
}

fn start(command: &str, transport: &str) -> Result<Server, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let mut child = Command::new(program).args([command, transport]).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the server has no output")?;
    let mut server = Server(child, String::new());
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    server.1 = line.trim().strip_prefix("READY ").ok_or("the server did not start")?.to_owned();
    Ok(server)
}

/// Keeps this thread, and children started by it, on one core.
fn pin(core: usize) -> Result<(), Box<dyn Error>> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}
