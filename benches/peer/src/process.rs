//! What another process costs: its processor time and its memory, as the system counts them.

use std::error::Error;
use std::fs;
use std::time::Duration;

/// The processor time that a process has used, with its threads that have ended. Linux only.
pub fn cpu_time(process: u32) -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name stands in brackets and may hold anything; behind it, user and system time are the 12th and 13th.
    let (_, rest) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The memory of a process that is its own, in bytes. Linux only.
pub fn memory(process: u32) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon in status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

/// Allows as many open sockets as the system lets it have.
pub fn raise_file_limit() -> Result<(), Box<dyn Error>> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
