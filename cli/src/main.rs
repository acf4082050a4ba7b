//! The `firesteel` command: looks at remote objects and calls them, from a shell.
//!
//! - [`call`] calls a method or reads an attribute, with arguments that are Python literals;
//! - [`inspect`] lists what an object exposes, [`ping`] measures the way to it;
//! - [`ns`] is a name server;
//! - [`nsc`] looks into a name server and changes it;
//! - [`echoserver`] serves `test.echoserver`, the test object that Pyro5 and Pyro4 have too;
//! - [`check_config`] prints the settings in force.
//!
//! Exit codes: 0, 1 for what failed at run time, 2 for wrong usage. [`settings`] reads the `PYRO_*`
//! variables of the environment.
#![forbid(unsafe_code)]

mod arguments;
mod call;
mod check_config;
mod connect;
mod echoserver;
mod failure;
mod inspect;
mod ns;
mod nsc;
mod output;
mod ping;
mod settings;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Remote objects of Pyro5, Pyro4 and firesteel: call them, inspect them, look for their names, serve one for tests.
#[derive(Parser)]
#[command(name = "firesteel", version, after_help = settings::HELP, arg_required_else_help = false)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Call(call::Options),
    Inspect(inspect::Options),
    Ping(ping::Options),
    Ns(ns::Options),
    Nsc(nsc::Options),
    Echoserver(echoserver::Options),
    CheckConfig(check_config::Options),
}

fn main() -> ExitCode {
    let done = Options::try_parse().map_err(Failure::from).and_then(|options| match options.command {
        Command::Call(options) => call::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Ping(options) => ping::run(&options),
        Command::Ns(options) => ns::run(&options),
        Command::Nsc(options) => nsc::run(&options),
        Command::Echoserver(options) => echoserver::run(&options),
        Command::CheckConfig(options) => check_config::run(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
