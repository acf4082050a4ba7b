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

/// Calls that are made before the measurement begins.
const WARM_UP: usize = 200;

/// Repeats `op`, which stands for `weight` operations, for `time` or `most` times.
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
    let mut latencies = Vec::with_capacity(1 << 20);
    let cpu = cpu_time();
    let start = Instant::now();
    let mut last = start;
    while last - start < time && latencies.len() < most {
        op()?;
        let now = Instant::now();
        latencies.push((now - last).as_nanos() as u64);
        last = now;
    }
    let secs = (last - start).as_secs_f64();
    let ops = latencies.len() as u64;
    latencies.sort_unstable();
    let percentile = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize] as f64 / 1e3;
    Ok(Measured {
        case: case.to_owned(),
        ops,
        secs,
        rate: ops as f64 / secs,
        cpu_us: (cpu_time() - cpu).as_secs_f64() * 1e6 / ops as f64,
        p50_us: percentile(0.5),
        p99_us: percentile(0.99),
        mb_s: None,
    })
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
