//! The name server beside Pyro5's, and its registrations beside sqlite itself.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::Proxy;
use firesteel::nameserver::{Options, Place, Service};
use firesteel::{NameServerProxy, Names, Uri};
use rusqlite::Connection;

use crate::cases::PIPE;
use crate::measure::{Measured, repeat};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Names in the tables that are listed from, and how many of them begin alike.
const MANY: usize = 100_000;
const ALIKE: usize = 10;
/// Clients that register at once.
const CLIENTS: usize = 8;

/// Serves names until it is killed.
pub fn serve(storage: &str) -> Outcome<()> {
    let mut options = Options::default();
    options.storage = storage.parse()?;
    let mut service = Service::start(&Place::tcp("127.0.0.1", 0), options)?;
    println!("URI = {}", service.uri());
    Ok(service.run()?)
}

/// A name server in a process of its own.
struct Server {
    child: Child,
    uri: String,
}

impl Server {
    fn start(mut command: Command) -> Outcome<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let uri = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("URI = ").map(str::to_owned));
        Ok(Self { child, uri: uri.ok_or("the name server did not start")? })
    }

    fn ours(storage: &str) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["name-server", storage]);
        Self::start(command)
    }

    fn pyro5(python: &Path) -> Outcome<Self> {
        let mut command = Command::new(python);
        command.args(["-u", "-m", "Pyro5.nameserver", "-n", "127.0.0.1", "-p", "0"]);
        Self::start(command)
    }

    fn names(&self) -> Outcome<NameServerProxy<Proxy>> {
        Ok(NameServerProxy::new(Proxy::new(&self.uri)?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file in the temporary folder, removed with what lies beside it.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("firesteel-bench-{name}-{}.db", std::process::id())));
        file.remove();
        file
    }

    fn storage(&self) -> String {
        format!("sql:{}", self.0.display())
    }

    fn remove(&self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", self.0.display()));
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

/// All measurements.
pub fn compare(time: Duration, turns: usize, python: Option<&Path>) -> Outcome<()> {
    lookups(time, turns, python)?;
    registrations(time, turns)?;
    listings(turns)
}

fn lookups(time: Duration, turns: usize, python: Option<&Path>) -> Outcome<()> {
    let (ours, file) = (Server::ours("memory")?, File::new("lookups"));
    let sqlite = Server::ours(&file.storage())?;
    let theirs = python.map(Server::pyro5).transpose()?;
    let mut rates = BTreeMap::<(usize, &str), Vec<f64>>::new();
    for _ in 0..turns {
        let servers = [("memory", Some(&ours)), ("sqlite", Some(&sqlite)), ("Pyro5", theirs.as_ref())];
        for (name, server) in servers.iter().filter_map(|(name, server)| Some((*name, (*server)?))) {
            for pipe in [1, PIPE] {
                rates.entry((pipe, name)).or_default().push(look_up(server, time, pipe)?.rate);
            }
        }
    }
    let rates: BTreeMap<_, _> = rates.into_iter().map(|(what, rates)| (what, middle(rates))).collect();
    for ((pipe, name), rate) in &rates {
        let beside = rates.get(&(*pipe, "Pyro5")).map(|pyro5| format!(", {:.1} times Pyro5's", rate / pyro5));
        println!("lookups, {pipe} in flight, {name}: {rate:.0}/s{}", beside.unwrap_or_default());
    }
    Ok(())
}

fn look_up(server: &Server, time: Duration, pipe: usize) -> Outcome<Measured> {
    let names = server.names()?;
    let uri: Uri = "PYRO:some.object@localhost:12345".parse()?;
    names.register("some.name", &uri, false, None)?;
    let is_it = |found: Uri| if found == uri { Ok(()) } else { Err("another object".into()) };
    if pipe == 1 {
        return repeat("lookup", time, usize::MAX, true, || is_it(names.lookup("some.name")?));
    }
    let proxy = names.caller();
    let measured = repeat("lookup", time, usize::MAX, true, || {
        let cork = proxy.cork();
        let calls: Vec<_> =
            (0..pipe).map(|_| proxy.start::<Uri>("lookup", &("some.name",))).collect::<Result<_, _>>()?;
        drop(cork);
        calls.into_iter().try_for_each(|call| is_it(call.wait()?))
    })?;
    Ok(measured.times(pipe))
}

fn registrations(time: Duration, turns: usize) -> Outcome<()> {
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..turns {
        rates[0].push(insert_raw(time)?);
        for (at, clients) in [(1, 1), (2, CLIENTS)] {
            let file = File::new("registrations");
            let server = Server::ours(&file.storage())?;
            rates[at].push(register(&server, clients, time)?);
        }
    }
    let [raw, one, several] = rates.map(middle);
    println!("registrations, sqlite itself, one insert with each sync: {raw:.0}/s");
    println!("registrations, one client: {one:.0}/s, {:.2} times sqlite's", one / raw);
    println!("registrations, {CLIENTS} clients: {several:.0}/s, {:.2} times sqlite's", several / raw);
    Ok(())
}

/// What the disk lets sqlite do, in the mode that the name server uses.
fn insert_raw(time: Duration) -> Outcome<f64> {
    let file = File::new("raw");
    let connection = Connection::open(&file.0)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        CREATE TABLE names (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)",
    )?;
    let mut insert = connection.prepare("INSERT INTO names(name, uri) VALUES(?,?)")?;
    let mut number = 0;
    let measured = repeat("insert", time, usize::MAX, false, || {
        number += 1;
        insert.execute((format!("name{number}"), "PYRO:some.object@localhost:12345"))?;
        Ok(())
    })?;
    Ok(measured.rate)
}

fn register(server: &Server, clients: usize, time: Duration) -> Outcome<f64> {
    let results: Vec<Result<f64, String>> = thread::scope(|threads| {
        let register = |client: usize| -> Outcome<f64> {
            let names = server.names()?;
            let uri: Uri = "PYRO:some.object@localhost:12345".parse()?;
            let mut number = 0;
            let measured = repeat("register", time, usize::MAX, false, || {
                number += 1;
                Ok(names.register(&format!("name{client}.{number}"), &uri, false, None)?)
            })?;
            Ok(measured.rate)
        };
        let clients: Vec<_> = (0..clients)
            .map(|client| threads.spawn(move || register(client).map_err(|error| error.to_string())))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "panicked".to_owned()).and_then(|rate| rate))
            .collect()
    });
    let mut sum = 0.0;
    for rate in results {
        sum += rate?;
    }
    Ok(sum)
}

/// One in ten of many names, asked for by their common beginning.
fn listings(turns: usize) -> Outcome<()> {
    let file = File::new("listings");
    // As the name server makes it: this fills it in one transaction.
    drop(Server::ours(&file.storage())?);
    let mut connection = Connection::open(&file.0)?;
    let transaction = connection.transaction()?;
    for number in 0..MANY {
        let name = format!("name{}.{number}", number % ALIKE);
        transaction.execute(
            "INSERT INTO pyro_names(name, uri) VALUES(?,?)",
            (name, format!("PYRO:object{number}@localhost:12345")),
        )?;
        let id = transaction.last_insert_rowid();
        transaction.execute("INSERT INTO pyro_metadata(object, metadata) VALUES(?, 'class:some.Thing')", (id,))?;
    }
    transaction.commit()?;
    drop(connection);
    let sqlite = Server::ours(&file.storage())?;
    let memory = Server::ours("memory")?;
    let names = memory.names()?;
    let proxy = names.caller();
    for begin in (0..MANY).step_by(1_000) {
        let cork = proxy.cork();
        let calls: Vec<_> = (begin..begin + 1_000)
            .map(|number| {
                let (name, uri) =
                    (format!("name{}.{number}", number % ALIKE), format!("PYRO:object{number}@localhost:12345"));
                proxy.start::<()>("register", &(name, uri, false, ["class:some.Thing"]))
            })
            .collect::<Result<_, _>>()?;
        drop(cork);
        calls.into_iter().try_for_each(firesteel::blocking::Pending::wait)?;
    }
    for (kind, server) in [("memory", &memory), ("sqlite", &sqlite)] {
        let names = server.names()?;
        let mut times = Vec::new();
        for _ in 0..turns * 3 {
            let begin = Instant::now();
            let found: BTreeMap<String, String> =
                names.caller().call_with("list", &(), &BTreeMap::from([("prefix", "name7.")]))?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
            assert_eq!(found.len(), MANY / ALIKE);
        }
        println!("a list of {} of {MANY} names, {kind}: {:.1} ms", MANY / ALIKE, middle(times));
        let begin = Instant::now();
        let all = names.list_with_metadata(Names::Regex(r".*\.(?=7).*9$"))?;
        println!(
            "a pattern over {MANY} names, {kind}: {:.1} ms for {}",
            begin.elapsed().as_secs_f64() * 1e3,
            all.len()
        );
    }
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
