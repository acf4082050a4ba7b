//! `firesteel call`: calls a method or reads an attribute.

use clap::Args;
use firesteel::blocking::{Proxy, RemoteStream};
use firesteel::{CallFailure, Caller, Dict, Reply, Request, Value};

use crate::arguments::{Remote, keyword, literal};
use crate::failure::Failure;
use crate::{connect, output};

/// Call a method, or read an attribute, and print the result as a Python literal.
///
/// The items of a stream are printed as they come, one in each line.
/// A remote exception is printed with its traceback on standard error; the exit code is 1 then.
#[derive(Args)]
#[command(after_help = "\
Arguments are Python literals; quote them for the shell:
  firesteel call PYRO:test.echoserver@localhost:9999 echo \"['real', 1, 2.5, None]\"
  firesteel call PYRO:test.echoserver@localhost:9999 echo --kw \"message='text'\"
Put -- before an argument that looks like an option, such as -1j.")]
pub struct Options {
    #[command(flatten)]
    remote: Remote,
    /// The method, or an attribute
    #[arg(value_name = "METHOD")]
    member: String,
    /// Positional arguments: Python literals
    #[arg(value_parser = literal, allow_negative_numbers = true)]
    args: Vec<Value>,
    /// A keyword argument; may be given several times
    #[arg(long, value_name = "NAME=LITERAL", value_parser = keyword)]
    kw: Vec<(String, Value)>,
    /// Do not wait for the answer, even where the method has one
    #[arg(long)]
    oneway: bool,
}

/// What a call brought.
enum Came {
    Value(Value),
    Stream(RemoteStream<Value>),
}

/// Makes the call.
pub fn run(options: &Options) -> Result<(), Failure> {
    let kwargs = kwargs(options)?;
    let proxy = connect::proxy(&options.remote, None)?;
    let failed = |failure| Failure::of_call(&options.remote.uri, failure);
    match call(&proxy, options, &kwargs).map_err(failed)? {
        Came::Value(value) => output::line(value),
        Came::Stream(items) => {
            for item in items {
                // Whoever has seen enough is not to wait for the end, which need not come.
                if !output::item(item.map_err(failed)?)? {
                    break;
                }
            }
            Ok(())
        }
    }
}

fn call(proxy: &Proxy, options: &Options, kwargs: &Dict) -> Result<Came, CallFailure> {
    let member = options.member.as_str();
    let metadata = proxy.metadata()?;
    let bare = options.args.is_empty() && kwargs.is_empty() && !options.oneway;
    if bare && metadata.attributes.iter().any(|attribute| attribute == member) {
        return came(proxy, Request::get(member));
    }
    let kwargs = Value::from(kwargs.clone());
    let request = Request::method(member, &options.args).kwargs(&kwargs);
    if options.oneway || metadata.is_oneway(member) {
        proxy.notify_request(request)?;
        return Ok(Came::Value(Value::None));
    }
    came(proxy, request)
}

fn came(proxy: &Proxy, request: Request<'_>) -> Result<Came, CallFailure> {
    Ok(match proxy.request_reply(request)?.0 {
        Reply::Stream(id) => Came::Stream(proxy.resume_stream(id)),
        reply => Came::Value(reply.into_value().map_or(Ok(Value::None), |payload| payload.to_value())?),
    })
}

fn kwargs(options: &Options) -> Result<Dict, Failure> {
    let mut kwargs = Dict::new();
    for (name, value) in &options.kw {
        if kwargs.insert(name.as_str(), value.clone()).is_some() {
            return Err(Failure::Usage(format!("the keyword argument {name} was given twice: leave one out")));
        }
    }
    Ok(kwargs)
}
