//! Repeats something for a while and counts.

use std::error::Error;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// One measurement, as it is printed.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub case: String,
    pub ops: u64,
    pub secs: f64,
    pub rate: f64,
    pub cpu_us: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mb_s: Option<f64>,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl Measured {
    /// The same, where each repetition stands for so many operations.
    pub fn times(mut self, weight: usize) -> Self {
        self.ops *= weight as u64;
        self.rate *= weight as f64;
        self.cpu_us /= weight as f64;
        self
    }

    /// What was measured at the same time, as one: rates add up, the latencies are those in the middle.
    pub fn together(all: Vec<Self>) -> Option<Self> {
        let n = all.len() as f64;
        let ops = all.iter().map(|one| one.ops).sum();
        let rate = all.iter().map(|one| one.rate).sum();
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / n;
        let (secs, p50_us, p99_us) = (mean(|one| one.secs), mean(|one| one.p50_us), mean(|one| one.p99_us));
        // The clock of the process counts all threads, in each measurement.
        let cpu_us = mean(|one| one.cpu_us * one.ops as f64) / ops as f64;
        let first = all.into_iter().next()?;
        Some(Self { ops, rate, secs, cpu_us, p50_us, p99_us, ..first })
    }
}

/// Calls that are made before the measurement begins.
pub const WARM_UP: usize = 200;

/// Repeats `op` for `time` or `most` times.
pub fn repeat(
    case: &str,
    time: Duration,
    most: usize,
    warm_up: bool,
    mut op: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<Measured, Box<dyn Error>> {
    if warm_up {
        for _ in 0..WARM_UP.min(most) {
            op()?;
        }
    }
    let mut meter = Meter::new();
    while meter.elapsed() < time && meter.latencies.len() < most {
        op()?;
        meter.tick();
    }
    Ok(meter.end(case))
}

/// Measures what happens between its ticks.
pub struct Meter {
    latencies: Vec<u64>,
    cpu: Duration,
    start: Instant,
    last: Instant,
}

impl Meter {
    pub fn new() -> Self {
        let (latencies, cpu, start) = (Vec::with_capacity(1 << 20), cpu_time(), Instant::now());
        Self { latencies, cpu, start, last: start }
    }

    /// Between its beginning and the last tick.
    pub fn elapsed(&self) -> Duration {
        self.last - self.start
    }

    pub fn tick(&mut self) {
        let now = Instant::now();
        self.latencies.push((now - self.last).as_nanos() as u64);
        self.last = now;
    }

    pub fn end(mut self, case: &str) -> Measured {
        let secs = self.elapsed().as_secs_f64();
        let ops = self.latencies.len() as u64;
        self.latencies.sort_unstable();
        let percentile = |part: f64| {
            let at = (self.latencies.len().saturating_sub(1) as f64 * part) as usize;
            self.latencies.get(at).map_or(0.0, |nanos| *nanos as f64 / 1e3)
        };
        Measured {
            case: case.to_owned(),
            ops,
            secs,
            rate: ops as f64 / secs,
            cpu_us: (cpu_time() - self.cpu).as_secs_f64() * 1e6 / ops as f64,
            p50_us: percentile(0.5),
            p99_us: percentile(0.99),
            mb_s: None,
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
