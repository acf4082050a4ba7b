//! The thread that writes. What comes while the disk is busy goes into one transaction.

use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::super::{Entry, Later, Mode, Removal, Tags, may_go};
use super::read::id_of;
use super::{behind, failed};

/// What is asked for.
pub(super) enum Write {
    Register(String, Entry, Mode, Later<bool>),
    SetTags(String, Tags, Later<bool>),
    Remove(Removal, Later<usize>),
}

/// What was done, to be told once it is on the disk.
enum Done {
    Told(Later<bool>, bool),
    Counted(Later<usize>, usize),
}

/// Requests in one transaction.
const TOGETHER: usize = 1_000;

pub(super) fn run(mut connection: Connection, requests: &Receiver<Write>) {
    let mut together = Vec::new();
    while let Ok(first) = requests.recv() {
        together.push(first);
        together.extend(requests.try_iter().take(TOGETHER - 1));
        match write_all(&mut connection, &mut together) {
            Ok(true) => {}
            // One that fails must not take others with it.
            Ok(false) => together.drain(..).for_each(|write| write_one(&mut connection, write)),
            // Somebody else holds the file: each of them would wait for it again.
            Err(error) => together.drain(..).for_each(|write| fail(write, &error)),
        }
    }
}

/// False where one of them failed, and nothing was done; an error where there was not even a beginning.
fn write_all(connection: &mut Connection, together: &mut Vec<Write>) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(together.len());
    for write in &*together {
        let Ok(result) = perform(&transaction, write) else { return Ok(false) };
        results.push(result);
    }
    if transaction.commit().is_err() {
        return Ok(false);
    }
    for (write, result) in together.drain(..).zip(results) {
        done(write, result).tell();
    }
    Ok(true)
}

fn write_one(connection: &mut Connection, write: Write) {
    let result = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        let result = perform(&transaction, &write)?;
        transaction.commit()?;
        Ok(result)
    });
    match result {
        Ok(result) => done(write, result).tell(),
        Err(error) => fail(write, &error),
    }
}

/// How many names it concerned.
fn perform(transaction: &Transaction<'_>, write: &Write) -> rusqlite::Result<usize> {
    match write {
        Write::Register(name, entry, mode, _) => {
            if let Some(id) = id_of(transaction, name)? {
                if *mode == Mode::IfFree {
                    return Ok(0);
                }
                delete(transaction, id)?;
            }
            let mut insert = transaction.prepare_cached("INSERT INTO pyro_names(name, uri) VALUES(?,?)")?;
            let id = insert.insert([name, &entry.uri])?;
            insert_tags(transaction, id, &entry.tags)?;
            Ok(1)
        }
        Write::SetTags(name, tags, _) => {
            let Some(id) = id_of(transaction, name)? else { return Ok(0) };
            transaction.prepare_cached("DELETE FROM pyro_metadata WHERE object=?")?.execute([id])?;
            insert_tags(transaction, id, tags)?;
            Ok(1)
        }
        Write::Remove(what, _) => {
            let ids = doomed(transaction, what)?;
            ids.iter().try_for_each(|id| delete(transaction, *id))?;
            Ok(ids.len())
        }
    }
}

fn doomed(transaction: &Transaction<'_>, what: &Removal) -> rusqlite::Result<Vec<i64>> {
    match what {
        Removal::Names(names) => {
            // The same name may stand there twice.
            let mut ids = BTreeSet::new();
            for name in names.iter().filter(|name| may_go(name)) {
                ids.extend(id_of(transaction, name)?);
            }
            Ok(ids.into_iter().collect())
        }
        Removal::Prefix(prefix) => {
            let end = behind(prefix);
            let sql = "SELECT id FROM pyro_names WHERE name>=? AND (name<? OR ? IS NULL) AND name<>?";
            let mut statement = transaction.prepare_cached(sql)?;
            let ids = statement.query_map(params![prefix, end, end, crate::OBJECT], |row| row.get(0))?;
            ids.collect()
        }
        Removal::Stale { name, uri } => {
            let sql = "SELECT id FROM pyro_names WHERE name=? AND uri=? AND name<>?";
            let mut statement = transaction.prepare_cached(sql)?;
            let ids = statement.query_map([name, uri, crate::OBJECT], |row| row.get(0))?;
            ids.collect()
        }
    }
}

fn delete(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM pyro_metadata WHERE object=?")?.execute([id])?;
    transaction.prepare_cached("DELETE FROM pyro_names WHERE id=?")?.execute([id])?;
    Ok(())
}

fn insert_tags(transaction: &Transaction<'_>, id: i64, tags: &Tags) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO pyro_metadata(object, metadata) VALUES (?,?)")?;
    tags.iter().try_for_each(|tag| insert.execute(params![id, tag]).map(|_| ()))
}

fn done(write: Write, result: usize) -> Done {
    match write {
        Write::Register(.., reply) | Write::SetTags(.., reply) => Done::Told(reply, result > 0),
        Write::Remove(_, reply) => Done::Counted(reply, result),
    }
}

impl Done {
    fn tell(self) {
        match self {
            Self::Told(reply, result) => reply.reply(Ok(result)),
            Self::Counted(reply, result) => reply.reply(Ok(result)),
        }
    }
}

fn fail(write: Write, error: &rusqlite::Error) {
    let method = match &write {
        Write::Register(..) | Write::SetTags(..) => "setitem",
        Write::Remove(Removal::Names(_) | Removal::Stale { .. }, _) => "delitem",
        Write::Remove(..) => "remove_items",
    };
    let error = failed(method)(error);
    match write {
        Write::Register(.., reply) | Write::SetTags(.., reply) => reply.reply(Err(error)),
        Write::Remove(_, reply) => reply.reply(Err(error)),
    }
}
