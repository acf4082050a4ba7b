//! The cases that a client measures.

use std::error::Error;
use std::time::Duration;

use clap::ValueEnum;
use firesteel::blocking::{Connector, Cork, Pending, Proxy};
use firesteel::{Batch, Blob, Config, Value};
use firesteel_formats_testkit::record_value;

use crate::measure::{Measured, repeat};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Sequential calls without arguments.
    Nop,
    /// Sequential echo of 64 characters.
    Echo64,
    /// 64 calls in flight: they leave together, then their answers are waited for.
    Pipe64,
    /// The same with echo of 64 characters.
    Pipe64echo,
    /// Batches of 100 calls.
    Batch100,
    /// Items of a stream, pulled with 64 requests in flight.
    Stream,
    /// Sequential calls on each of N connections, a thread for each.
    Conc,
    /// N connections that have made one call each, and are held.
    Idle,
    /// Calls without an answer as fast as they go, then one that waits for all.
    Oneway,
    /// The same, held back to leave together.
    Corked,
    /// Connect, handshake, one call, close: at most 3,000 times.
    Connect,
    /// Echo of the record of 1 KB.
    Record,
    /// 10 MiB of bytes to the server.
    Put10m,
    /// 10 MiB of bytes from the server.
    Get10m,
}

/// Calls in flight.
pub const PIPE: usize = 64;
const BATCH: usize = 100;
const LARGE: usize = 10 << 20;
pub const MOST_CONNECTS: usize = 3_000;

/// Measures one case.
pub fn run(uri: &str, case: Case, time: Duration, n: usize, serializer: &str) -> Result<Measured, Box<dyn Error>> {
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
        Case::Pipe64 => repeat(&name, time, usize::MAX, true, || {
            let cork = proxy.cork();
            let calls: Vec<_> = (0..PIPE).map(|_| proxy.start::<()>("nop", &())).collect::<Result<_, _>>()?;
            drop(cork);
            Ok(calls.into_iter().try_for_each(Pending::wait)?)
        })?
        .times(PIPE),
        Case::Pipe64echo => {
            let text = "x".repeat(64);
            repeat(&name, time, usize::MAX, true, || {
                let cork = proxy.cork();
                let calls: Vec<_> =
                    (0..PIPE).map(|_| proxy.start::<String>("echo", &(&text,))).collect::<Result<_, _>>()?;
                drop(cork);
                for call in calls {
                    if call.wait()? != text {
                        return Err("the echo differs".into());
                    }
                }
                Ok(())
            })?
            .times(PIPE)
        }
        Case::Batch100 => {
            let mut batch = Batch::new();
            (0..BATCH).for_each(|_| batch.push("nop", &()));
            repeat(&name, time, usize::MAX, true, || {
                let mut results = proxy.batch(&batch)?;
                let mut got = 0;
                while let Some(result) = results.next_as::<()>() {
                    result?;
                    got += 1;
                }
                if got == BATCH { Ok(()) } else { Err("results are missing".into()) }
            })?
            .times(BATCH)
        }
        Case::Stream => {
            let mut items = proxy.stream::<u64>("numbers", &(u64::MAX,))?.window(PIPE);
            let mut expected = 0;
            repeat(&name, time, usize::MAX, true, || {
                let item = items.next().ok_or("the stream has ended")??;
                expected += 1;
                if item + 1 == expected { Ok(()) } else { Err("an item is missing".into()) }
            })?
        }
        Case::Idle => return Err("idle connections are held, not measured".into()),
        Case::Conc => concurrent(&name, &connector, uri, time, n)?,
        Case::Record => {
            let record = record_value();
            repeat(&name, time, usize::MAX, true, || {
                let _: Value = proxy.call("echo", &(&record,))?;
                Ok(())
            })?
        }
        Case::Oneway => oneway(&name, &proxy, time, None)?,
        Case::Corked => oneway(&name, &proxy, time, Some(proxy.cork()))?,
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

/// A thread for each connection.
fn concurrent(
    name: &str,
    connector: &Connector,
    uri: &str,
    time: Duration,
    n: usize,
) -> Result<Measured, Box<dyn Error>> {
    let proxies: Vec<_> = (0..n.max(1)).map(|_| connector.proxy(uri)).collect::<Result<_, _>>()?;
    for proxy in &proxies {
        proxy.ping()?;
    }
    let results: Vec<_> = std::thread::scope(|scope| {
        let call = |proxy: &Proxy| repeat(name, time, usize::MAX, true, || Ok(proxy.call::<()>("nop", &())?));
        let threads: Vec<_> =
            proxies.iter().map(|proxy| scope.spawn(move || call(proxy).map_err(|error| error.to_string()))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?).collect()
    });
    Measured::together(results.into_iter().collect::<Result<Vec<_>, _>>()?).ok_or_else(|| "no connections".into())
}

/// The one call at the end counts in the time, not in the number.
fn oneway(name: &str, proxy: &Proxy, time: Duration, cork: Option<Cork<'_>>) -> Result<Measured, Box<dyn Error>> {
    let start = std::time::Instant::now();
    let mut measured = repeat(name, time, usize::MAX, true, || Ok(proxy.notify("cast", &())?))?;
    drop(cork);
    proxy.call::<()>("nop", &())?;
    let secs = start.elapsed().as_secs_f64();
    measured.rate = measured.ops as f64 / secs;
    measured.secs = secs;
    Ok(measured)
}
