//! A server and a client in one program.
use firesteel::{Args, Context, Fault, Member, Metadata, Method, Object, Outcome, blocking};

#[derive(Default)]
struct Counter {
    n: i64,
}

static META: Metadata = Metadata::new(&[Method::new("add"), Method::new("total")], &[]);

impl<W> Object<W> for Counter {
    fn metadata(&self) -> &Metadata {
        &META
    }
    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("add") => {
                let (by,): (i64,) = args.bind(&["by"])?;
                self.n += by;
                cx.answer(&self.n)
            }
            Member::Method("total") => cx.answer(&self.n),
            other => Err(Fault::unknown(&other)),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut server = blocking::Server::bind("127.0.0.1:0")?;
    server.daemon.register("counter", Counter::default())?;
    let uri = server.uri("counter");
    println!("{uri}");
    let stopper = server.stopper();
    std::thread::spawn(move || {
        let proxy = blocking::Proxy::new(&uri.to_string()).unwrap();
        println!("{:?}", proxy.call::<i64>("add", &(5,)));
        println!("{:?}", proxy.call::<i64>("add", &(6,)));
        println!("{:?}", proxy.call::<i64>("nope", &()));
        println!("{:?}", proxy.metadata());
        println!("{}", std::process::Command::new("/tmp/ref/v/bin/python").args(["-c", &format!("import Pyro5.api as p; x=p.Proxy('{uri}'); print(x.add(10), x.total())\ntry:\n  x._pyroInvoke('nope',(),{{}})\nexcept Exception as e: print(repr(e), ''.join(e._pyroTraceback))")]).output().map(|o| String::from_utf8_lossy(&o.stdout).into_owned()+&String::from_utf8_lossy(&o.stderr)).unwrap());
        stopper.stop();
    });
    server.run()?;
    println!("end");
    Ok(())
}
