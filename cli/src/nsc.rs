//! `firesteel nsc`: looks into a name server and changes it, as `pyro5-nsc` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallFailure, CloseReason, NameServerProxy, Request, Uri, Value, Whereabouts};

use crate::failure::Failure;
use crate::output::{self, harmless};
use crate::settings;

/// Control a name server of Pyro5, Pyro4 or firesteel, like pyro5-nsc.
///
/// Without --host and --unixsocket the name server is searched: on this machine, by a broadcast, and where PYRO_NS_HOST and
/// PYRO_NS_PORT say.
#[derive(Args)]
#[command(after_help = "\
Arguments of the commands:
  list [PREFIX]                     names that begin so, or all
  listmatching PATTERN              names that a regular expression of Python's matches
  lookup NAME                       one name
  register NAME URI                 a new name
  remove NAME                       one name
  removematching PATTERN            names that a regular expression matches; asks first
  setmeta NAME [TAG ...]            the metadata of a name
  yplookup_all TAG ...              names that have all these tags
  yplookup_any TAG ...              names that have one of these tags
  ping                              whether it is there")]
pub struct Options {
    /// Host name or address of the name server
    #[arg(short = 'n', long, default_value = "", hide_default_value = true)]
    host: String,
    /// Port of the name server; without --host, that of the broadcast too
    #[arg(short, long)]
    port: Option<u16>,
    /// The name server's unix socket
    #[arg(short, long, value_name = "PATH")]
    unixsocket: Option<String>,
    /// Print what is done; each step of the search goes to standard error
    #[arg(short, long)]
    verbose: bool,
    /// What to do
    #[arg(value_enum)]
    command: Command,
    /// Its arguments
    args: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Command {
    List,
    Lookup,
    Register,
    Remove,
    #[value(name = "removematching")]
    RemoveMatching,
    #[value(name = "listmatching")]
    ListMatching,
    #[value(alias = "listmeta_all")]
    YplookupAll,
    #[value(alias = "listmeta_any")]
    YplookupAny,
    #[value(name = "setmeta")]
    SetMeta,
    Ping,
}

/// Names, with what is written there for their URIs, and their tags.
type Listing = BTreeMap<String, (String, Option<BTreeSet<String>>)>;

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let config = settings::settings()?.config;
    let host = options.unixsocket.as_ref().map_or_else(|| options.host.clone(), |path| format!("./u:{path}"));
    let at = Whereabouts::new(&host, options.port, &config.naming);
    let verbose = |text: &dyn Display| if options.verbose { output::line(text) } else { Ok(()) };
    verbose(&"Locating name server...")?;
    let mut connector = Connector::new(config);
    if options.verbose {
        connector = connector.on_naming(|step| output::error(output::one_line(&step.to_string())));
    }
    let names = match at.map_err(CallFailure::from).and_then(|at| connector.locate_ns(at)) {
        Ok(names) => names,
        // As with Pyro, that is no failure of this command.
        Err(CallFailure::Lost(CloseReason::Unresolved(_))) => {
            return output::line("Error: Failed to locate the nameserver");
        }
        Err(other) => return output::line(format_args!("Error: {}", output::one_line(&other.to_string()))),
    };
    if let Some(uri) = names.caller().resolved() {
        verbose(&format_args!("Name server found: {}", shown(&uri)))?;
    }
    Session { names, args: &options.args }.run(options.command)?;
    verbose(&"Done.")
}

/// A name server, and what it is asked.
struct Session<'a> {
    names: NameServerProxy<Proxy>,
    args: &'a [String],
}

impl Session<'_> {
    fn run(&self, command: Command) -> Result<(), Failure> {
        match command {
            Command::Ping => {
                told(self.names.ping())?;
                output::line("Name server ping ok.")
            }
            Command::List => match self.args.first() {
                None => listing(&told(self.list(&[]))?, ""),
                Some(prefix) => {
                    listing(&told(self.list(&[("prefix", prefix)]))?, &format!("- prefix '{}'", shown(prefix)))
                }
            },
            Command::ListMatching => {
                let pattern = self.only("pattern")?;
                listing(&told(self.list(&[("regex", pattern)]))?, &format!("- regex '{}'", shown(pattern)))
            }
            Command::Lookup => self.lookup(self.only("name")?),
            Command::Register => {
                let [name, uri] = self.args else { return Err(missing("two arguments: name uri")) };
                let registered: Result<(), _> = self.names.caller().call("register", &(name, uri, true));
                told(registered)?;
                output::line(format_args!("Registered {}", shown(name)))
            }
            Command::Remove => {
                let name = self.only("name")?;
                match told(self.names.remove(name))? {
                    0 => output::line("Nothing removed"),
                    _ => output::line(format_args!("Removed {}", shown(name))),
                }
            }
            Command::RemoveMatching => self.remove_matching(self.only("pattern")?),
            Command::SetMeta => {
                let [name, tags @ ..] = self.args else {
                    return Err(missing("arguments: uri and zero or more meta tags"));
                };
                let tags: Vec<_> = tags.iter().map(String::as_str).collect();
                told(self.names.set_metadata(name, &tags))?;
                output::line(if tags.is_empty() { "Metadata cleared" } else { "Metadata updated" })
            }
            Command::YplookupAll | Command::YplookupAny => self.yplookup(command == Command::YplookupAll),
        }
    }

    fn lookup(&self, name: &str) -> Result<(), Failure> {
        let (uri, tags): (Uri, Option<BTreeSet<String>>) = told(self.names.caller().call("lookup", &(name, true)))?;
        output::line(shown(&uri))?;
        match tags.filter(|tags| !tags.is_empty()) {
            Some(tags) => output::line(format_args!("metadata: {}", set(&tags))),
            None => Ok(()),
        }
    }

    fn remove_matching(&self, pattern: &str) -> Result<(), Failure> {
        let question = "Potentially removing lots of items from the Name server. Are you sure (y/n)?";
        let mut out = io::stdout().lock();
        // Where nobody reads it, nobody answers either.
        let _ = write!(out, "{question}").and_then(|()| out.flush());
        drop(out);
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map_err(|error| Failure::Failed(error.to_string()))?;
        if read == 0 {
            output::line("Error: EOFError - EOF when reading a line")?;
            return Err(Failure::Failed(
                "nobody has answered y or n on standard input: nothing was removed".to_owned(),
            ));
        }
        if !matches!(answer.trim(), "y" | "Y") {
            return Ok(());
        }
        let count = told(self.names.remove_all(firesteel::Names::Regex(pattern)))?;
        output::line(format_args!("{count} items removed."))
    }

    fn yplookup(&self, all: bool) -> Result<(), Failure> {
        if self.args.is_empty() {
            return Err(missing("at least one metadata tag argument"));
        }
        let tags: Vec<_> = self.args.iter().map(String::as_str).collect();
        let found =
            told(self.names.yplookup(if all { firesteel::Tags::All(&tags) } else { firesteel::Tags::Any(&tags) }))?;
        let found = found.into_iter().map(|(name, entry)| (name, (entry.uri.to_string(), Some(entry.metadata))));
        listing(&found.collect(), " - searched by metadata")
    }

    /// Names as they were written, which need not be URIs.
    fn list(&self, choice: &[(&str, &str)]) -> Result<Listing, CallFailure> {
        let mut chosen: BTreeMap<&str, Value> = choice.iter().map(|(key, value)| (*key, (*value).into())).collect();
        chosen.insert("return_metadata", true.into());
        self.names.caller().request(Request::method("list", &()).kwargs(&chosen))
    }

    fn only(&self, what: &str) -> Result<&str, Failure> {
        match self.args {
            [only] => Ok(only),
            _ => Err(missing(&format!("one argument: {what}"))),
        }
    }
}

fn missing(what: &str) -> Failure {
    Failure::Failed(format!("requires {what}"))
}

/// What went wrong goes to standard output too, as with Pyro.
fn told<T>(result: Result<T, CallFailure>) -> Result<T, Failure> {
    result.map_err(|failure| {
        let (class, text) = match &failure {
            CallFailure::Fault(fault) => {
                (fault.class.rsplit('.').next().unwrap_or_default().to_owned(), fault.message())
            }
            CallFailure::Deadline => ("TimeoutError".to_owned(), failure.to_string()),
            other => ("CommunicationError".to_owned(), other.to_string()),
        };
        match output::line(format_args!("Error: {} - {}", shown(&class), shown(&text))) {
            Err(error) => error,
            Ok(()) => match failure {
                CallFailure::Fault(fault) => Failure::Raised(fault),
                other => Failure::Failed(other.to_string()),
            },
        }
    })
}

fn listing(names: &Listing, title: &str) -> Result<(), Failure> {
    output::line(format_args!("--------START LIST {title}"))?;
    for (name, (uri, tags)) in names {
        if !output::item(format_args!("{} --> {}", shown(name), shown(uri)))? {
            return Ok(());
        }
        if let Some(tags) = tags.as_ref().filter(|tags| !tags.is_empty()) {
            output::item(format_args!("    metadata: {}", set(tags)))?;
        }
    }
    output::line(format_args!("--------END LIST {title}"))
}

/// As Python prints a set, but sorted.
fn set(tags: &BTreeSet<String>) -> Value {
    Value::Set(tags.iter().map(|tag| tag.as_str().into()).collect())
}

/// What others have written, on one line and harmless for a terminal.
fn shown<T: ToString + ?Sized>(text: &T) -> String {
    harmless(&text.to_string()).replace('\n', "\\n")
}
