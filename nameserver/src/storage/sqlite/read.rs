//! The threads that read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::super::{Entry, Filter, Item, Later, Listing, StorageError, Tags};
use super::{behind, failed};

/// What is asked.
pub(super) enum Read {
    Count(Later<usize>),
    Lookup(String, Later<Option<Arc<Entry>>>),
    List(Filter, Later<Listing>),
}

pub(super) fn run(connection: Connection, requests: &Receiver<Read>) {
    for request in requests {
        match request {
            Read::Count(reply) => reply.reply(count(&connection).map_err(failed("len"))),
            Read::Lookup(name, reply) => reply.reply(lookup(&connection, &name).map_err(failed("getitem"))),
            Read::List(filter, reply) => reply.reply(list(&connection, filter)),
        }
    }
}

fn count(connection: &Connection) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM pyro_names")?;
    let count: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// In one statement, so that the URI and the tags are of one moment.
fn lookup(connection: &Connection, name: &str) -> rusqlite::Result<Option<Arc<Entry>>> {
    let sql = "SELECT uri, metadata FROM pyro_names LEFT JOIN pyro_metadata ON object=id WHERE name=?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([name])?;
    let mut entry: Option<Entry> = None;
    while let Some(row) = rows.next()? {
        let tag: Option<String> = row.get(1)?;
        if entry.is_none() {
            entry = Some(Entry::new(row.get::<_, String>(0)?, Tags::new()));
        }
        if let Some(entry) = &mut entry {
            entry.tags.extend(tag);
        }
    }
    Ok(entry.map(Arc::new))
}

/// As many as sqlite surely takes in one statement.
const PARAMETERS: usize = 500;

fn list(connection: &Connection, filter: Filter) -> Result<Listing, StorageError> {
    let method = match &filter {
        Filter::All => "everything",
        Filter::Prefix(_) => "optimized_prefix_list",
        Filter::AllOf(_) | Filter::AnyOf(_) => "optimized_metadata_search",
    };
    let (condition, parameters) = condition(&filter);
    let mut items = select(connection, &condition, &parameters).map_err(failed(method))?;
    items.retain(|(name, entry)| filter.takes(name, &entry.tags));
    let len = items.len();
    Ok(Listing::new(items.into_iter(), len))
}

/// What leaves out as many as can be, at a small price; the rest is done by [`Filter::takes`].
fn condition(filter: &Filter) -> (String, Vec<String>) {
    match filter {
        Filter::All => (String::new(), Vec::new()),
        Filter::Prefix(prefix) => match behind(prefix) {
            Some(end) => ("WHERE name>=? AND name<?".to_owned(), vec![prefix.clone(), end]),
            None => ("WHERE name>=?".to_owned(), vec![prefix.clone()]),
        },
        Filter::AllOf(tags) => with_tags(tags.iter().take(1).cloned().collect()),
        Filter::AnyOf(tags) if tags.len() > PARAMETERS => (String::new(), Vec::new()),
        Filter::AnyOf(tags) => with_tags(tags.iter().cloned().collect()),
    }
}

fn with_tags(tags: Vec<String>) -> (String, Vec<String>) {
    if tags.is_empty() {
        return (String::new(), tags);
    }
    let places = vec!["?"; tags.len()].join(",");
    (format!("WHERE id IN (SELECT object FROM pyro_metadata WHERE metadata IN ({places}))"), tags)
}

fn select(connection: &Connection, condition: &str, parameters: &[String]) -> rusqlite::Result<Vec<Item>> {
    let sql = format!(
        "SELECT name, uri, metadata FROM pyro_names LEFT JOIN pyro_metadata ON object=id {condition} ORDER BY name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut items: Vec<Item> = Vec::new();
    let mut last: Option<(Arc<str>, Entry)> = None;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        // Pyro keeps tags of any type: what is no text is nobody's tag here.
        let tag = row.get_ref(2)?.as_str_or_null().ok().flatten();
        if last.as_ref().is_none_or(|(known, _)| &**known != name) {
            items.extend(last.take().map(|(name, entry)| (name, Arc::new(entry))));
            last = Some((name.into(), Entry::new(row.get_ref(1)?.as_str()?, BTreeSet::new())));
        }
        if let (Some((_, entry)), Some(tag)) = (&mut last, tag) {
            entry.tags.insert(tag.to_owned());
        }
    }
    items.extend(last.map(|(name, entry)| (name, Arc::new(entry))));
    Ok(items)
}

/// The row of a name.
pub(super) fn id_of(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM pyro_names WHERE name=?")?.query_row([name], |row| row.get(0)).optional()
}
