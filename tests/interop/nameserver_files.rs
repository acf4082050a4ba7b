//! Names in sqlite files, which Pyro's name servers open, too.

use firesteel::nameserver::storage::{Entry, Filter, Mode, Sqlite, Storage, wait};
use firesteel_testkit::Python;

use crate::nameserver::{Database, Names, original};
use crate::support::{TIMEOUT, config, connect};

/// Puts names into a name server.
const PUT: &str = "
import sys
from generation import Proxy
with Proxy(sys.argv[1]) as ns:
    for number in range(200):
        ns.register('%s%03d' % (sys.argv[2], number), 'PYRO:o@localhost:%d' % (1000 + number), metadata={'x', str(number)})
    ns.register(sys.argv[2] + 'bare', 'PYRO:\\u00fc@localhost:1')
";

/// Takes them out.
const GET: &str = "
import sys
from checking import equal
from generation import Proxy
with Proxy(sys.argv[1]) as ns:
    for prefix in sys.argv[2:]:
        found = ns.list(prefix=prefix, return_metadata=True)
        equal(len(found), 201)
        for number in range(200):
            uri, tags = found['%s%03d' % (prefix, number)]
            equal((uri, set(tags)), ('PYRO:o@localhost:%d' % (1000 + number), {'x', str(number)}))
        uri, tags = found[prefix + 'bare']
        equal((uri, len(tags)), ('PYRO:\\u00fc@localhost:1', 0))
    equal(ns.count(), 1 + 201 * len(sys.argv[2:]))
    uri, tags = ns.lookup('Pyro.NameServer', return_metadata=True)
    equal(str(uri), sys.argv[1])
print('ALL OK')
";

fn run(source: &str, generation: &str, uri: &str, prefixes: &[&str]) -> String {
    Python::source(source).env("GENERATION", generation).arg(uri).args(prefixes).run(TIMEOUT).stdout
}

fn exchange(generation: &str) {
    let database = Database::new();
    let (process, uri) = original(generation, &database.option());
    run(PUT, generation, &uri, &["theirs"]);
    drop(process);
    // Ours takes it over, with the clients that there are.
    let names = Names::start(database.storage());
    assert_eq!(run(GET, generation, &names.uri, &["theirs"]), "ALL OK\n");
    run(PUT, generation, &names.uri, &["ours"]);
    drop(names);
    let (process, uri) = original(generation, &database.option());
    assert_eq!(run(GET, generation, &uri, &["theirs", "ours"]), "ALL OK\n");
    // Both at once: what one writes, the other one sees.
    let names = Names::start(database.storage());
    run(PUT, generation, &uri, &["more"]);
    assert_eq!(run(GET, generation, &names.uri, &["theirs", "ours", "more"]), "ALL OK\n");
    run(PUT, generation, &names.uri, &["last"]);
    drop(names);
    drop(process);
    let names = Names::start(database.storage());
    assert_eq!(run(GET, generation, &names.uri, &["theirs", "ours", "more", "last"]), "ALL OK\n");
}

#[test]
fn files_are_exchanged_with_pyro5() {
    exchange("5");
}

#[test]
fn files_are_exchanged_with_pyro4() {
    exchange("4");
}

/// Makes a file as Pyro4 did before there was metadata.
const OLD: &str = "
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute('CREATE TABLE pyro_names (name nvarchar PRIMARY KEY NOT NULL, uri nvarchar NOT NULL)')
    for number in range(50):
        db.execute('INSERT INTO pyro_names VALUES (?,?)', ('name%d' % number, 'PYRO:o@localhost:%d' % (1000 + number)))
";

/// The tables of a file, and what is in them.
const DUMP: &str = "
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute('PRAGMA foreign_keys=ON')
    print(sorted(db.execute('SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name LIKE ?', ('pyro%',))))
    print(sorted(db.execute('SELECT name, uri FROM pyro_names')))
    print(sorted(db.execute('SELECT name, metadata FROM pyro_names, pyro_metadata WHERE object=id')))
    print(db.execute('PRAGMA journal_mode').fetchall(), db.execute('PRAGMA integrity_check').fetchall())
    print(db.execute('PRAGMA foreign_key_check').fetchall())
";

/// Has Pyro open a file, and do something with it.
const OPENED: &str = "
import sys
from Pyro5.nameserver import SqlStorage
storage = SqlStorage(sys.argv[1])
storage['name7'] = 'PYRO:new@localhost:1', {'x', 'y'}
storage['more'] = 'PYRO:more@localhost:1', None
del storage['name8']
";

#[test]
fn older_files_become_what_they_become_in_pyro() {
    let [theirs, ours] = [Database::new(), Database::new()];
    let run = |source: &str, database: &Database| Python::source(source).arg(&database.0).run(TIMEOUT).stdout;
    run(OLD, &theirs);
    run(OLD, &ours);
    run(OPENED, &theirs);
    let storage = Sqlite::open(&ours.0).expect("it opens");
    let tags = ["x", "y"].map(str::to_owned).into();
    let put = |name: &str, entry| wait(|reply| storage.register(name, entry, Mode::Replace, reply)).expect("it is put");
    put("name7", Entry::new("PYRO:new@localhost:1", tags));
    put("more", Entry::new("PYRO:more@localhost:1", [].into()));
    let gone = firesteel::nameserver::storage::Removal::Names(vec!["name8".to_owned()]);
    assert_eq!(wait(|reply| storage.remove(gone, reply)), Ok(1));
    assert_eq!(wait(|reply| storage.list(Filter::All, reply)).expect("a listing").count(), 50);
    drop(storage);
    let normal = |text: String| text.split_whitespace().collect::<String>();
    assert_eq!(normal(run(DUMP, &ours)), normal(run(DUMP, &theirs)));
}

#[test]
fn names_stay_while_the_name_server_is_restarted() {
    let database = Database::new();
    for round in 0..5 {
        let names = Names::start(database.storage());
        let proxy = connect(&names.uri, config());
        assert_eq!(proxy.call::<i64>("count", &()), Ok(1 + round));
        proxy.call::<()>("register", &(format!("name{round}"), "PYRO:o@h:1")).expect("it is registered");
    }
}
