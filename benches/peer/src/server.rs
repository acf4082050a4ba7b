//! The object `bench`, served.

use std::error::Error;

use firesteel::{
    Args, Blob, Config, Context, Fault, Member, Metadata, Method, Object, Outcome, Shared, Stream, Value, blocking, mio,
};

use crate::process::raise_file_limit;
use crate::{Adapter, Transport, on_async, socket_path};

const WORKERS: usize = 4;

struct Bench;

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("nop").shared(),
        Method::new("echo").shared(),
        Method::new("cast").shared().oneway(),
        Method::new("put").shared(),
        Method::new("get").shared(),
        Method::new("numbers").shared(),
    ],
    &[],
);

impl Object for Bench {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("nop" | "cast") => {
                let () = args.bind(&[])?;
                cx.answer(&())
            }
            Member::Method("echo") => {
                let (value,): (Value,) = args.bind(&["value"])?;
                cx.answer(&value)
            }
            Member::Method("put") => {
                let (data,): (Blob,) = args.bind(&["data"])?;
                cx.answer(&data.len())
            }
            Member::Method("get") => {
                let (n,): (usize,) = args.bind(&["n"])?;
                cx.answer(&Blob::from(vec![b'x'; n]))
            }
            Member::Method("numbers") => {
                let (n,): (u64,) = args.bind(&["n"])?;
                Ok(Stream::new(0..n).into())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Serves until it is killed.
pub fn serve(transport: Transport, adapter: Adapter) -> Result<(), Box<dyn Error>> {
    raise_file_limit()?;
    let address = match transport {
        Transport::Tcp => "127.0.0.1:0".to_owned(),
        Transport::Unix => format!("./u:{}", socket_path("firesteel-bench").display()),
    };
    match adapter {
        Adapter::Blocking => {
            let objects = Shared::new();
            objects.register("bench", Bench)?;
            let mut server = blocking::Server::shared(&address, &objects, WORKERS)?;
            println!("READY {}", server.uri("bench"));
            server.run_threads(WORKERS + 1)?;
        }
        Adapter::Mio => {
            let (mut poll, mut server) = mio::Server::bind(&address, Config::default())?;
            server.daemon.register("bench", Bench)?;
            println!("READY {}", server.uri("bench").ok_or("the server listens nowhere")?);
            server.run(&mut poll)?;
        }
        adapter => on_async::serve(adapter, &address, Bench)?,
    }
    Ok(())
}
