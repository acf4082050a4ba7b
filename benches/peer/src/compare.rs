//! nop beside the raw reference: in turns, so that the machine's drift meets both.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::cases::{self, Case};
use crate::raw;

/// The bytes of a nop call and of its answer, headers included.
const REQUEST: usize = 40 + 26 + "('bench','nop',(),{})".len();
const ANSWER: usize = 40 + 26 + "None".len();

/// A server of ours, ended with this.
struct Server(Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Prints rates and the ratio for each transport.
pub fn run(seconds: f64, turns: usize, two_cores: bool) -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs_f64(seconds);
    pin(0)?;
    for transport in ["tcp", "unix"] {
        // Children inherit the core.
        pin(usize::from(two_cores))?;
        let ours = start("server", transport)?;
        let reference = start("raw-server", transport)?;
        pin(0)?;
        let mut ratios = Vec::new();
        for _ in 0..turns {
            let raw = raw::measure(&reference.1, time, REQUEST, ANSWER)?;
            let nop = cases::run(&ours.1, Case::Nop, time, "serpent")?;
            ratios.push(nop.rate / raw.rate);
            println!("{transport}: nop {:.0}/s, raw {:.0}/s, ratio {:.3}", nop.rate, raw.rate, nop.rate / raw.rate);
        }
        ratios.sort_by(f64::total_cmp);
        println!("{transport}: median ratio {:.3}", ratios[ratios.len() / 2]);
    }
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
