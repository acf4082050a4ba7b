//! The cases that a client measures.

use std::error::Error;
use std::time::Duration;

use clap::ValueEnum;
use firesteel::blocking::{Connector, Proxy};
use firesteel::{Blob, Config, Value};
use firesteel_formats_testkit::record_value;

use crate::measure::{Measured, repeat};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Sequential calls without arguments.
    Nop,
    /// Sequential echo of 64 characters.
    Echo64,
    /// Calls without an answer as fast as they go, then one that waits for all.
    Oneway,
    /// Connect, handshake, one call, close: at most 3,000 times.
    Connect,
    /// Echo of the record of 1 KB.
    Record,
    /// 10 MiB of bytes to the server.
    Put10m,
    /// 10 MiB of bytes from the server.
    Get10m,
}

const LARGE: usize = 10 << 20;
const MOST_CONNECTS: usize = 3_000;

/// Measures one case.
pub fn run(uri: &str, case: Case, time: Duration, serializer: &str) -> Result<Measured, Box<dyn Error>> {
    let mut config = Config::default();
    config.serializer = serializer.parse()?;
    let connector = Connector::new(config);
    let proxy = connector.proxy(uri)?;
    proxy.ping()?;
    let name = format!("{case:?}").to_lowercase();
    let mut measured = match case {
        Case::Nop => repeat(&name, time, usize::MAX, true, || Ok(proxy.call("nop", &())?))?,
        Case::Echo64 => {
            let text = "x".repeat(64);
            repeat(&name, time, usize::MAX, true, || {
                let back: String = proxy.call("echo", &(&text,))?;
                if back == text { Ok(()) } else { Err("the echo differs".into()) }
            })?
        }
        Case::Record => {
            let record = record_value();
            repeat(&name, time, usize::MAX, true, || {
                let _: Value = proxy.call("echo", &(&record,))?;
                Ok(())
            })?
        }
        Case::Oneway => oneway(&name, &proxy, time)?,
        Case::Connect => repeat(&name, time, MOST_CONNECTS, false, || {
            let proxy = connector.proxy(uri)?;
            proxy.call::<()>("nop", &())?;
            proxy.close();
            Ok(())
        })?,
        Case::Put10m => {
            let data = Blob::from(vec![b'x'; LARGE]);
            repeat(&name, time, usize::MAX, false, || {
                let len: usize = proxy.call("put", &(&data,))?;
                if len == LARGE { Ok(()) } else { Err("bytes are missing".into()) }
            })?
        }
        Case::Get10m => repeat(&name, time, usize::MAX, false, || {
            let data: Blob = proxy.call("get", &(LARGE,))?;
            if data.len() == LARGE { Ok(()) } else { Err("bytes are missing".into()) }
        })?,
    };
    if matches!(case, Case::Put10m | Case::Get10m) {
        measured.mb_s = Some(measured.rate * LARGE as f64 / 1e6);
    }
    Ok(measured)
}

/// The one call at the end counts in the time, not in the number.
fn oneway(name: &str, proxy: &Proxy, time: Duration) -> Result<Measured, Box<dyn Error>> {
    let start = std::time::Instant::now();
    let mut measured = repeat(name, time, usize::MAX, true, || Ok(proxy.notify("cast", &())?))?;
    proxy.call::<()>("nop", &())?;
    let secs = start.elapsed().as_secs_f64();
    measured.rate = measured.ops as f64 / secs;
    measured.secs = secs;
    Ok(measured)
}
