//! The servers on async runtimes, ours and the raw one.

use std::error::Error;
use std::future::Future;

use firesteel::{Config, Object, Shared, smol as on_smol, tokio as on_tokio};

use crate::{Adapter, Transport, raw_async};

macro_rules! serve {
    ($server:ty, $address:expr, $object:expr) => {
        async {
            let server = <$server>::unbound(&Shared::new(), Config::default());
            server.daemon().register("bench", $object)?;
            server.listen($address).await?;
            println!("READY {}", server.uri("bench"));
            Ok::<_, Box<dyn Error>>(server.run().await?)
        }
    };
}

/// Serves an object until it is killed.
pub fn serve(
    adapter: Adapter,
    address: &str,
    object: impl Object + Send + Sync + 'static,
) -> Result<(), Box<dyn Error>> {
    match adapter {
        Adapter::Smol => smol::block_on(serve!(on_smol::Server, address, object)),
        _ => block_on(adapter, serve!(on_tokio::Server, address, object)),
    }
}

/// Serves the raw reference.
pub fn serve_raw(adapter: Adapter, transport: Transport) -> Result<(), Box<dyn Error>> {
    match adapter {
        Adapter::Smol => smol::block_on(raw_async::on_smol(transport)),
        _ => block_on(adapter, raw_async::on_tokio(transport)),
    }
}

fn block_on<T>(adapter: Adapter, future: impl Future<Output = Result<T, Box<dyn Error>>>) -> Result<T, Box<dyn Error>> {
    let mut builder = match adapter {
        Adapter::TokioThreads => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    builder.enable_all().build()?.block_on(future)
}
