//! The cases of async clients, on any runtime, and the raw reference on the same one.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use firesteel::{Config, IpVersion, Uri};
use firesteel_async::{Call, Connector, Runtime, Socket};

use crate::Adapter;
use crate::cases::{Case, PIPE};
use crate::measure::{Measured, Meter, WARM_UP};
use crate::raw::Exchange;

/// Measures one case.
pub fn run(
    adapter: Adapter,
    uri: &str,
    case: Case,
    time: Duration,
    n: usize,
    serializer: &str,
) -> Result<Measured, Box<dyn Error>> {
    let mut config = Config::default();
    config.serializer = serializer.parse()?;
    match adapter {
        Adapter::Smol => smol::block_on(calls::<firesteel::smol::Smol>(config, uri, case, time, n)),
        adapter => runtime(adapter)?.block_on(calls::<firesteel::tokio::Tokio>(config, uri, case, time, n)),
    }
}

/// Measures requests and their answers.
pub fn raw(adapter: Adapter, uri: &str, time: Duration, exchange: Exchange) -> Result<Measured, Box<dyn Error>> {
    match adapter {
        Adapter::Smol => smol::block_on(exchanges::<firesteel::smol::Smol>(uri, time, exchange)),
        adapter => runtime(adapter)?.block_on(exchanges::<firesteel::tokio::Tokio>(uri, time, exchange)),
    }
}

fn runtime(adapter: Adapter) -> std::io::Result<tokio::runtime::Runtime> {
    match adapter {
        Adapter::TokioThreads => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }
}

/// Repeats `op` for `time`.
async fn repeat<F: Future<Output = Result<(), Box<dyn Error>>>>(
    case: &str,
    time: Duration,
    mut op: impl FnMut() -> F,
) -> Result<Measured, Box<dyn Error>> {
    for _ in 0..WARM_UP {
        op().await?;
    }
    let mut meter = Meter::new();
    while meter.elapsed() < time {
        op().await?;
        meter.tick();
    }
    Ok(meter.end(case))
}

async fn calls<R: Runtime>(
    config: Config,
    uri: &str,
    case: Case,
    time: Duration,
    n: usize,
) -> Result<Measured, Box<dyn Error>> {
    let proxy = Connector::<R>::new(config).proxy(uri)?;
    proxy.ping().await?;
    let name = format!("{case:?}").to_lowercase();
    let proxy = &proxy;
    match case {
        Case::Nop => repeat(&name, time, || async { Ok(proxy.call("nop", &()).await?) }).await,
        Case::Echo64 => {
            let text = &"x".repeat(64);
            let op = || async move {
                let back: String = proxy.call("echo", &(text,)).await?;
                if back == *text { Ok(()) } else { Err("the echo differs".into()) }
            };
            repeat(&name, time, op).await
        }
        Case::Pipe64 => {
            let op = || async move {
                let calls: Vec<Call<()>> = (0..PIPE).map(|_| proxy.call("nop", &())).collect();
                for call in calls {
                    call.await?;
                }
                Ok(())
            };
            Ok(repeat(&name, time, op).await?.times(PIPE))
        }
        Case::Pipe64echo => {
            let text = &"x".repeat(64);
            let op = || async move {
                let calls: Vec<Call<String>> = (0..PIPE).map(|_| proxy.call("echo", &(text,))).collect();
                for call in calls {
                    if call.await? != *text {
                        return Err("the echo differs".into());
                    }
                }
                Ok(())
            };
            Ok(repeat(&name, time, op).await?.times(PIPE))
        }
        Case::Stream => {
            let items = proxy.stream::<u64>("numbers", &(u64::MAX,)).await?.window(PIPE);
            let items = &Mutex::new(items);
            let op = || async move {
                let next = |cx: &mut Context<'_>| {
                    let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
                    futures_core::Stream::poll_next(Pin::new(&mut *items), cx)
                };
                poll_fn(next).await.ok_or("the stream has ended")??;
                Ok(())
            };
            repeat(&name, time, op).await
        }
        Case::Oneway => repeat(&name, time, || async { Ok(proxy.notify("cast", &()).await?) }).await,
        // Sequential calls of N tasks on one connection.
        Case::Conc => {
            let results = Arc::new(Mutex::new(Vec::new()));
            for _ in 0..n.max(1) {
                let (proxy, results, name) = (proxy.clone(), Arc::clone(&results), name.clone());
                R::spawn(async move {
                    let mut meter = Meter::new();
                    while meter.elapsed() < time && proxy.call::<()>("nop", &()).await.is_ok() {
                        meter.tick();
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(meter.end(&name));
                });
            }
            let end = Instant::now() + time + Duration::from_millis(200);
            let mut timer = R::timer();
            firesteel_async::Timer::set(&mut timer, end);
            poll_fn(|cx| firesteel_async::Timer::poll(&mut timer, cx)).await;
            let results = std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner));
            Measured::together(results).ok_or_else(|| "no tasks".into())
        }
        _ => Err("async clients have the cases nop, echo64, pipe64, pipe64echo, stream, oneway and conc".into()),
    }
}

async fn exchanges<R: Runtime>(uri: &str, time: Duration, exchange: Exchange) -> Result<Measured, Box<dyn Error>> {
    let uri: Uri = format!("PYRO:raw@{uri}").parse()?;
    let location = uri.location().ok_or("no location")?.clone();
    let socket = &Mutex::new(R::connect(location, IpVersion::Any).await?);
    let bytes = &exchange.bytes();
    let buffer = &Mutex::new(vec![0; 64 * 1024]);
    let op = || async move {
        let (mut sent, mut left) = (0, exchange.answer * exchange.pipe);
        poll_fn(|cx| {
            let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
            let mut buffer = buffer.lock().unwrap_or_else(PoisonError::into_inner);
            while sent < bytes.len() {
                match socket.poll_write(cx, &[IoSlice::new(&bytes[sent..])]) {
                    Poll::Ready(n) => sent += n?,
                    Poll::Pending => return Poll::Pending,
                }
            }
            while left > 0 {
                match socket.poll_read(cx, &mut buffer) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err("the raw server is gone".into())),
                    Poll::Ready(n) => left -= n?,
                    Poll::Pending => return Poll::Pending,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    };
    Ok(repeat("raw", time, op).await?.times(exchange.pipe))
}
