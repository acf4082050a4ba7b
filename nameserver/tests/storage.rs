//! The laws of a storage: every one has to pass all of them.

mod laws;

use std::path::PathBuf;

use firesteel_nameserver::storage::{Memory, Sqlite, Storage};

/// What a law is tried on: an empty storage each time.
trait Subject {
    fn make() -> Self;
    fn storage(&self) -> &dyn Storage;
}

struct InMemory(Memory);

impl Subject for InMemory {
    fn make() -> Self {
        Self(Memory::new())
    }
    fn storage(&self) -> &dyn Storage {
        &self.0
    }
}

struct InSqlite {
    storage: Option<Sqlite>,
    path: PathBuf,
}

impl Subject for InSqlite {
    fn make() -> Self {
        let path = laws::unused_path();
        Self { storage: Some(Sqlite::open(&path).expect("it opens")), path }
    }
    fn storage(&self) -> &dyn Storage {
        self.storage.as_ref().expect("open")
    }
}

impl Drop for InSqlite {
    fn drop(&mut self) {
        self.storage = None;
        // One ordinary file is left.
        std::fs::remove_file(&self.path).expect("the file is there");
        for ending in ["-wal", "-shm", "-journal"] {
            let beside = PathBuf::from(format!("{}{ending}", self.path.display()));
            assert!(!beside.exists() || std::thread::panicking(), "{} is left", beside.display());
        }
    }
}

macro_rules! every_law {
    ($storage:ident, $subject:ty: $($law:ident)*) => {
        mod $storage {
            $(
                #[test]
                fn $law() {
                    let subject = <$subject as super::Subject>::make();
                    super::laws::$law(super::Subject::storage(&subject));
                }
            )*
        }
    };
}

macro_rules! all {
    ($storage:ident, $subject:ty) => {
        every_law! { $storage, $subject:
            a_name_is_found_with_its_tags_until_it_is_removed
            registering_again_drops_what_was_known
            a_safe_registration_keeps_what_is_there
            tags_are_replaced
            listings_are_sorted_and_filtered
            prefixes_are_compared_character_by_character
            the_entry_of_the_name_server_stays
            a_stale_entry_goes_only_while_it_is_the_same
            a_listing_is_of_one_moment
            of_many_safe_registrations_one_succeeds
            it_does_what_a_map_does
        }
    };
}

all!(memory, super::InMemory);
all!(sqlite, super::InSqlite);

#[test]
fn sqlite_keeps_its_names_when_it_is_closed() {
    let mut subject = InSqlite::make();
    laws::put(subject.storage(), "a", "PYRO:a@h:1", &["x", "y"]);
    subject.storage = None;
    subject.storage = Some(Sqlite::open(&subject.path).expect("it opens again"));
    assert_eq!(
        laws::found(subject.storage(), "a"),
        Some(("PYRO:a@h:1".to_owned(), vec!["x".to_owned(), "y".to_owned()]))
    );
}

#[test]
fn two_see_what_the_other_writes_into_the_same_file() {
    let subject = InSqlite::make();
    let other = Sqlite::open(&subject.path).expect("it opens twice");
    for turn in 0..20 {
        let name = format!("name{turn}");
        laws::put(&other, &name, "PYRO:a@h:1", &[]);
        assert!(laws::found(subject.storage(), &name).is_some());
        laws::put(subject.storage(), &name, "PYRO:b@h:1", &["t"]);
        assert_eq!(laws::found(&other, &name), Some(("PYRO:b@h:1".to_owned(), vec!["t".to_owned()])));
    }
}

#[test]
fn what_is_no_database_is_an_error() {
    let path = laws::unused_path();
    std::fs::write(&path, "no database at all, but long enough to be looked at".repeat(20)).expect("it is written");
    let error = Sqlite::open(&path).err().expect("an error").to_string();
    assert!(error.contains("not a database"), "{error}");
    std::fs::remove_file(&path).expect("it is there");
    assert!(Sqlite::open("/nowhere/at/all.db").is_err());
    assert!(Sqlite::open(":memory:").is_err());
}
