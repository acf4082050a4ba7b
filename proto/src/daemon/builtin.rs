//! The object that every daemon has: `Pyro.Daemon`.

use std::borrow::Cow;

use super::Directory;
use super::context::Context;
use super::object::Outcome;
use crate::connection::metadata_value;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::{Member, Metadata, Method};
use crate::uri::Location;
use crate::value::{Args, ObjectId};
use crate::wire::Dialect;

/// What it exposes.
pub(super) static METADATA: Metadata = Metadata::new(
    &[
        Method::new("close_stream").shared(),
        Method::new("get_metadata").shared(),
        Method::new("get_next_stream_item").shared(),
        Method::new("info").shared(),
        Method::new("ping").shared(),
        Method::new("registered").shared(),
    ],
    &[],
);

/// Python's name of its class.
pub(super) const TYPE_NAME: &str = "DaemonObject";

/// Runs one of its methods.
pub(super) fn call<W>(
    directory: &impl Directory,
    config: &Config,
    cx: &Context<'_, W>,
    member: Member<'_>,
    args: Args<'_>,
) -> Outcome<W> {
    match member {
        Member::Method("get_metadata") => {
            let (object, as_lists): (Cow<'_, str>, Option<bool>) = match cx.dialect() {
                Dialect::Pyro5 => args.bind(&["objectId"]).map(|(object,)| (object, None))?,
                Dialect::Pyro4 => args.bind(&["objectId", "as_lists"])?,
            };
            match directory.metadata(&object) {
                Some(metadata) => cx.answer(&metadata_value(&metadata, as_lists.unwrap_or_default())),
                None => Err(unknown_object()),
            }
        }
        Member::Method("info") => {
            let () = args.bind(&[])?;
            let text = |location: Option<&Location>| location.map_or_else(|| "None".to_owned(), ToString::to_string);
            let (location, nat) = (text(config.location.as_ref()), text(nat_location(config).as_ref()));
            let objects = directory.ids().len();
            cx.answer(&format!(
                "{} bound on {location}, NAT {nat}, {objects} objects registered. Servertype: firesteel",
                ObjectId::DAEMON
            ))
        }
        Member::Method("ping") => {
            let () = args.bind(&[])?;
            cx.answer(&())
        }
        Member::Method("registered") => {
            let () = args.bind(&[])?;
            let ids = directory.ids();
            cx.answer(&ids.iter().map(ObjectId::as_str).collect::<Vec<_>>())
        }
        Member::Method("get_next_stream_item" | "close_stream") => {
            Err(Fault::new("Pyro5.errors.PyroError", "items of streams cannot be asked for in a batch"))
        }
        other => Err(Fault::unknown(&other)),
    }
}

/// The address at which clients reach it from outside, where there is one.
fn nat_location(config: &Config) -> Option<Location> {
    config.published().filter(|published| config.nat.is_some() && matches!(published, Location::Tcp { .. }))
}

pub(super) fn unknown_object() -> Fault {
    Fault::daemon_error("unknown object")
}
