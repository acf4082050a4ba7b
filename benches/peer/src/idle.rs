//! Connections that have made one call each, and are held.

use std::error::Error;
use std::io::stdin;

use firesteel::Config;
use firesteel::blocking::{Connector, Proxy};

use crate::process::raise_file_limit;

/// Opens connections, says that it holds them, and waits for a line.
pub fn hold(uri: &str, n: usize) -> Result<(), Box<dyn Error>> {
    raise_file_limit()?;
    let held = open(uri, n)?;
    println!("holding {n} connections: a line ends it");
    stdin().read_line(&mut String::new())?;
    drop(held);
    Ok(())
}

/// Opens connections with a call on each.
pub fn open(uri: &str, n: usize) -> Result<Vec<Proxy>, Box<dyn Error>> {
    let connector = Connector::new(Config::default());
    (0..n)
        .map(|_| {
            let proxy = connector.proxy(uri)?;
            proxy.call::<()>("nop", &())?;
            Ok(proxy)
        })
        .collect()
}
