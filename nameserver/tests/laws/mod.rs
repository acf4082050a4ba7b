//! The laws, and what they are written with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use firesteel_nameserver::OBJECT;
use firesteel_nameserver::storage::{Entry, Filter, Mode, Removal, Storage, Tags, wait};

/// A path in the temporary folder that nothing has.
pub fn unused_path() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("firesteel-names-{}-{number}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

fn tags(of: &[&str]) -> Tags {
    of.iter().map(|tag| (*tag).to_owned()).collect()
}

pub fn put(storage: &dyn Storage, name: &str, uri: &str, with: &[&str]) {
    let entry = Entry::new(uri, tags(with));
    assert_eq!(wait(|reply| storage.register(name, entry, Mode::Replace, reply)), Ok(true));
}

pub fn found(storage: &dyn Storage, name: &str) -> Option<(String, Vec<String>)> {
    let entry = wait(|reply| storage.lookup(name, reply)).expect("it answers")?;
    Some((entry.uri.clone(), entry.tags.iter().cloned().collect()))
}

fn count(storage: &dyn Storage) -> usize {
    wait(|reply| storage.count(reply)).expect("it answers")
}

fn remove(storage: &dyn Storage, what: Removal) -> usize {
    wait(|reply| storage.remove(what, reply)).expect("it answers")
}

fn remove_names(storage: &dyn Storage, names: &[&str]) -> usize {
    remove(storage, Removal::Names(names.iter().map(|name| (*name).to_owned()).collect()))
}

fn list(storage: &dyn Storage, filter: Filter) -> Vec<(String, Entry)> {
    let listing = wait(|reply| storage.list(filter, reply)).expect("it answers");
    let at_most = listing.at_most();
    let items: Vec<_> = listing.map(|(name, entry)| (name.to_string(), (*entry).clone())).collect();
    assert!(items.len() <= at_most, "{} are more than {at_most}", items.len());
    items
}

fn names(storage: &dyn Storage, filter: Filter) -> Vec<String> {
    list(storage, filter).into_iter().map(|(name, _)| name).collect()
}

fn prefix(of: &str) -> Filter {
    Filter::Prefix(of.to_owned())
}

pub fn a_name_is_found_with_its_tags_until_it_is_removed(storage: &dyn Storage) {
    assert_eq!((count(storage), found(storage, "a")), (0, None));
    put(storage, "a", "PYRO:a@h:1", &["y", "x", "x"]);
    put(storage, "", "PYRO:b@h:1", &[]);
    assert_eq!(count(storage), 2);
    assert_eq!(found(storage, "a"), Some(("PYRO:a@h:1".to_owned(), vec!["x".to_owned(), "y".to_owned()])));
    assert_eq!(found(storage, ""), Some(("PYRO:b@h:1".to_owned(), vec![])));
    assert_eq!(found(storage, "A"), None);
    assert_eq!(remove_names(storage, &["a", "a", "nobody"]), 1);
    assert_eq!((count(storage), found(storage, "a")), (1, None));
    assert_eq!(remove_names(storage, &["", "a"]), 1);
    assert_eq!(count(storage), 0);
}

pub fn registering_again_drops_what_was_known(storage: &dyn Storage) {
    put(storage, "a", "PYRO:a@h:1", &["x"]);
    put(storage, "a", "PYRO:b@h:1", &[]);
    assert_eq!(found(storage, "a"), Some(("PYRO:b@h:1".to_owned(), vec![])));
    assert!(names(storage, Filter::AnyOf(tags(&["x"]))).is_empty());
    assert_eq!(count(storage), 1);
}

pub fn a_safe_registration_keeps_what_is_there(storage: &dyn Storage) {
    let safely = |uri: &str| {
        let entry = Entry::new(uri, tags(&["t"]));
        wait(|reply| storage.register("a", entry, Mode::IfFree, reply)).expect("it answers")
    };
    assert!(safely("PYRO:a@h:1"));
    assert!(!safely("PYRO:b@h:1"));
    assert_eq!(found(storage, "a"), Some(("PYRO:a@h:1".to_owned(), vec!["t".to_owned()])));
    assert_eq!(remove_names(storage, &["a"]), 1);
    assert!(safely("PYRO:b@h:1"));
}

pub fn tags_are_replaced(storage: &dyn Storage) {
    let set = |name: &str, to: &[&str]| wait(|reply| storage.set_tags(name, tags(to), reply)).expect("it answers");
    assert!(!set("a", &["x"]));
    assert_eq!(found(storage, "a"), None);
    put(storage, "a", "PYRO:a@h:1", &["x"]);
    assert!(set("a", &["y", "z"]));
    assert_eq!(found(storage, "a"), Some(("PYRO:a@h:1".to_owned(), vec!["y".to_owned(), "z".to_owned()])));
    assert!(set("a", &[]));
    assert_eq!(found(storage, "a"), Some(("PYRO:a@h:1".to_owned(), vec![])));
}

pub fn listings_are_sorted_and_filtered(storage: &dyn Storage) {
    put(storage, "b", "PYRO:b@h:1", &["x", "y"]);
    put(storage, "ab", "PYRO:ab@h:1", &["x"]);
    put(storage, "a", "PYRO:a@h:1", &["y", "z"]);
    put(storage, "c", "PYRO:c@h:1", &[]);
    let all = list(storage, Filter::All);
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "ab", "b", "c"]);
    assert_eq!(all[2].1, Entry::new("PYRO:b@h:1", tags(&["x", "y"])));
    assert_eq!(names(storage, prefix("a")), ["a", "ab"]);
    assert_eq!(names(storage, prefix("ab")), ["ab"]);
    assert!(names(storage, prefix("abc")).is_empty());
    assert_eq!(names(storage, prefix("")).len(), 4);
    assert_eq!(names(storage, Filter::AllOf(tags(&["x", "y"]))), ["b"]);
    assert_eq!(names(storage, Filter::AllOf(tags(&["x"]))), ["ab", "b"]);
    assert_eq!(names(storage, Filter::AllOf(tags(&[]))).len(), 4);
    assert_eq!(names(storage, Filter::AnyOf(tags(&["x", "z", "nothing"]))), ["a", "ab", "b"]);
    assert!(names(storage, Filter::AnyOf(tags(&[]))).is_empty());
    let many: Tags = (0..2_000).map(|number| number.to_string()).chain(["z".to_owned()]).collect();
    assert_eq!(names(storage, Filter::AnyOf(many)), ["a"]);
    assert_eq!(remove(storage, Removal::Prefix("a".to_owned())), 2);
    assert_eq!(names(storage, Filter::All), ["b", "c"]);
}

/// Where SQL's LIKE would find something else.
pub fn prefixes_are_compared_character_by_character(storage: &dyn Storage) {
    for name in ["a%b", "a_b", "axb", "A%b", "a'b", "\u{e4}b", "\u{10ffff}b", "a\0b", "\u{d7ff}b", "\u{e000}b"] {
        put(storage, name, "PYRO:o@h:1", &["%", "'; --"]);
    }
    assert_eq!(names(storage, prefix("a%")), ["a%b"]);
    assert_eq!(names(storage, prefix("a_")), ["a_b"]);
    assert_eq!(names(storage, prefix("A")), ["A%b"]);
    assert_eq!(names(storage, prefix("a'")), ["a'b"]);
    assert_eq!(names(storage, prefix("\u{e4}")), ["\u{e4}b"]);
    assert_eq!(names(storage, prefix("a\0")), ["a\0b"]);
    assert_eq!(names(storage, prefix("\u{d7ff}")), ["\u{d7ff}b"]);
    assert_eq!(names(storage, prefix("\u{10ffff}")), ["\u{10ffff}b"]);
    assert_eq!(names(storage, Filter::AllOf(tags(&["'; --"]))).len(), 10);
    assert_eq!(remove(storage, Removal::Prefix("\u{10ffff}".to_owned())), 1);
    assert_eq!(remove(storage, Removal::Prefix("a_".to_owned())), 1);
    assert_eq!(count(storage), 8);
}

pub fn the_entry_of_the_name_server_stays(storage: &dyn Storage) {
    put(storage, OBJECT, "PYRO:Pyro.NameServer@h:1", &[]);
    put(storage, "Pyro.Other", "PYRO:o@h:1", &[]);
    assert_eq!(remove_names(storage, &[OBJECT]), 0);
    assert_eq!(
        remove(storage, Removal::Stale { name: OBJECT.to_owned(), uri: "PYRO:Pyro.NameServer@h:1".to_owned() }),
        0
    );
    assert_eq!(remove(storage, Removal::Prefix("Pyro.".to_owned())), 1);
    assert_eq!(remove(storage, Removal::Prefix(String::new())), 0);
    assert_eq!(names(storage, Filter::All), [OBJECT]);
    put(storage, OBJECT, "PYRO:Pyro.NameServer@h:2", &["x"]);
    assert_eq!(found(storage, OBJECT).map(|(uri, _)| uri).as_deref(), Some("PYRO:Pyro.NameServer@h:2"));
}

pub fn a_stale_entry_goes_only_while_it_is_the_same(storage: &dyn Storage) {
    let stale = |uri: &str| Removal::Stale { name: "a".to_owned(), uri: uri.to_owned() };
    assert_eq!(remove(storage, stale("PYRO:a@h:1")), 0);
    put(storage, "a", "PYRO:a@h:1", &["x"]);
    assert_eq!(remove(storage, stale("PYRO:a@h:2")), 0);
    put(storage, "a", "PYRO:a@h:2", &["x"]);
    assert_eq!(remove(storage, stale("PYRO:a@h:1")), 0);
    assert_eq!(remove(storage, stale("PYRO:a@h:2")), 1);
    assert_eq!(count(storage), 0);
}

pub fn a_listing_is_of_one_moment(storage: &dyn Storage) {
    for number in 0..1_000 {
        put(storage, &format!("{number:04}"), "PYRO:before@h:1", &[]);
    }
    let listing = wait(|reply| storage.list(Filter::All, reply)).expect("it answers");
    for number in 0..1_000 {
        match number % 3 {
            0 => assert_eq!(remove_names(storage, &[&format!("{number:04}")]), 1),
            1 => put(storage, &format!("{number:04}"), "PYRO:after@h:1", &[]),
            _ => put(storage, &format!("{number:04}x"), "PYRO:after@h:1", &[]),
        }
    }
    let items: Vec<_> = listing.collect();
    assert_eq!(items.len(), 1_000);
    assert!(items.iter().all(|(_, entry)| entry.uri == "PYRO:before@h:1"));
}

pub fn of_many_safe_registrations_one_succeeds(storage: &dyn Storage) {
    for round in 0..20 {
        let name = format!("name{round}");
        let winners: Vec<_> = thread::scope(|threads| {
            let tries: Vec<_> = (0..4)
                .map(|number| {
                    let name = &name;
                    threads.spawn(move || {
                        let entry = Entry::new(format!("PYRO:o{number}@h:1"), Tags::new());
                        let uri = entry.uri.clone();
                        let won = wait(|reply| storage.register(name, entry, Mode::IfFree, reply)).expect("it answers");
                        won.then_some(uri)
                    })
                })
                .collect();
            tries.into_iter().filter_map(|one| one.join().expect("no panic")).collect()
        });
        assert_eq!(winners.len(), 1);
        assert_eq!(found(storage, &name).map(|(uri, _)| uri).as_ref(), winners.first());
    }
}

/// Random operations beside a model.
pub fn it_does_what_a_map_does(storage: &dyn Storage) {
    let mut model: BTreeMap<String, Entry> = BTreeMap::new();
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let all_tags = ["red", "green", "blue"];
    for step in 0..1_500 {
        let name = format!("{}{}", ["a", "b.", "\u{fc}", OBJECT][random(4) as usize], random(5));
        let name = if name == format!("{OBJECT}0") { OBJECT.to_owned() } else { name };
        let some: Tags = all_tags.iter().filter(|_| random(2) == 0).map(|tag| (*tag).to_owned()).collect();
        let uri = format!("PYRO:o@h:{}", 1 + random(3));
        match random(8) {
            0 | 1 => {
                put(storage, &name, &uri, &some.iter().map(String::as_str).collect::<Vec<_>>());
                model.insert(name, Entry::new(uri, some));
            }
            2 => {
                let entry = Entry::new(uri, some);
                let taken = model.contains_key(&name);
                let done = wait(|reply| storage.register(&name, entry.clone(), Mode::IfFree, reply));
                assert_eq!(done, Ok(!taken), "step {step}");
                model.entry(name).or_insert(entry);
            }
            3 => {
                let known = model.get_mut(&name).map(|entry| entry.tags = some.clone()).is_some();
                assert_eq!(wait(|reply| storage.set_tags(&name, some, reply)), Ok(known), "step {step}");
            }
            4 => {
                let expected = name != OBJECT && model.remove(&name).is_some();
                assert_eq!(remove_names(storage, &[&name]), usize::from(expected), "step {step}");
            }
            5 => {
                let expected = name != OBJECT && model.get(&name).is_some_and(|entry| entry.uri == uri);
                if expected {
                    model.remove(&name);
                }
                assert_eq!(remove(storage, Removal::Stale { name, uri }), usize::from(expected), "step {step}");
            }
            6 if random(4) == 0 => {
                let begin: String = name.chars().take(2).collect();
                let before = model.len();
                model.retain(|name, _| name == OBJECT || !name.starts_with(&begin));
                assert_eq!(remove(storage, Removal::Prefix(begin)), before - model.len(), "step {step}");
            }
            _ => {
                let begin: String = name.chars().take(2).collect();
                let filters = [Filter::All, Filter::Prefix(begin), Filter::AllOf(some.clone()), Filter::AnyOf(some)];
                for filter in filters {
                    let expected = model.clone().into_iter().filter(|(name, entry)| filter.takes(name, &entry.tags));
                    assert_eq!(list(storage, filter.clone()), expected.collect::<Vec<_>>(), "step {step}, {filter:?}");
                }
            }
        }
        assert_eq!(count(storage), model.len(), "step {step}");
    }
}
