//! Exposed attributes.

use firesteel_macros::expose;
use firesteel_proto::{Fault, Request};

use crate::support::{self, local, shared};

#[derive(Default)]
struct Lamp {
    level: u8,
    reads: u32,
    name: String,
    owner: std::sync::Mutex<String>,
}

#[expose(crate = firesteel_proto)]
impl Lamp {
    #[attr]
    pub fn level(&self) -> u8 {
        self.level
    }

    #[attr]
    pub fn set_level(&mut self, level: u8) -> Result<(), Fault> {
        if level > 100 {
            return Err(Fault::new("builtins.ValueError", "too bright"));
        }
        self.level = level;
        Ok(())
    }

    /// Counts its readers.
    #[attr]
    pub fn reads(&mut self) -> u32 {
        self.reads += 1;
        self.reads
    }

    #[attr]
    pub fn name(&self) -> Result<&str, Fault> {
        if self.name.is_empty() { Err(Fault::new("builtins.AttributeError", "no name yet")) } else { Ok(&self.name) }
    }

    #[attr]
    pub fn set_name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    #[attr]
    #[expose(name = "holder")]
    pub fn owner(&self) -> String {
        self.owner.lock().expect("no panic").clone()
    }

    #[attr]
    #[expose(name = "holder")]
    pub fn assign(&self, owner: String) {
        *self.owner.lock().expect("no panic") = owner;
    }

    /// A getter in spite of its name.
    #[attr]
    pub fn set_up(&self) -> bool {
        true
    }

    /// A method in spite of its name.
    pub fn set_all(&mut self, level: u8) {
        self.level = level;
    }

    #[attr]
    #[cfg(test)]
    pub fn fixed(&self) -> i64 {
        1
    }

    #[attr]
    #[cfg(not(test))]
    pub fn set_fixed(&mut self, _level: NoSuchType) {}
}

#[test]
fn attributes_are_read_and_written() {
    let mut pair = local(Lamp::default());
    assert_eq!(pair.get("level"), Ok(0));
    assert_eq!(pair.set("level", 7), Ok(()));
    assert_eq!(pair.get("level"), Ok(7));
    assert_eq!(pair.set("name", "door's"), Ok(()));
    assert_eq!(pair.get("name"), Ok("door's".to_owned()));
    assert_eq!(pair.get("reads"), Ok(1));
    assert_eq!(pair.get("reads"), Ok(2));
    assert_eq!(pair.set("holder", "me"), Ok(()));
    assert_eq!(pair.get("holder"), Ok("me".to_owned()));
    assert_eq!(pair.get("set_up"), Ok(true));
    assert_eq!(pair.call("set_all", (3,)), Ok(()));
    assert_eq!(pair.get("level"), Ok(3));
}

#[test]
fn attributes_fail_as_methods_do() {
    let mut pair = local(Lamp::default());
    let fault = |result: Result<(), Fault>| result.expect_err("a fault").to_string();
    assert_eq!(fault(pair.set("level", 101)), "builtins.ValueError: too bright");
    assert!(fault(pair.set("level", "x")).starts_with("builtins.TypeError: argument 'value'"));
    assert_eq!(fault(pair.get("name")), "builtins.AttributeError: no name yet");
    assert!(fault(pair.set("reads", 1)).starts_with("builtins.AttributeError"));
    assert!(fault(pair.set("fixed", 1)).starts_with("builtins.AttributeError"));
    assert!(fault(pair.call("level", ())).starts_with("builtins.AttributeError"));
    assert!(fault(pair.get("set_all")).starts_with("builtins.AttributeError"));
}

#[test]
fn attributes_work_from_a_registry_for_threads() {
    let mut pair = shared(Lamp::default());
    assert_eq!(pair.set("level", 7), Ok(()));
    assert_eq!(pair.get("level"), Ok(7));
    assert_eq!(pair.get("reads"), Ok(1));
    assert_eq!(pair.set("holder", "me"), Ok(()));
    assert_eq!(pair.send(&Request::get("holder")), Ok("me".to_owned()));
}

#[test]
fn metadata_name_the_attributes() {
    let lamp = Lamp::default();
    let metadata = support::metadata(&lamp);
    let named: Vec<_> = metadata.attributes().map(|attribute| (attribute.name(), attribute.is_settable())).collect();
    let expected =
        [("level", true), ("reads", false), ("name", true), ("holder", true), ("set_up", false), ("fixed", false)];
    assert_eq!(named, expected);
    assert!(metadata.is_shared(&firesteel_proto::Member::Get("level")));
    assert!(!metadata.is_shared(&firesteel_proto::Member::Get("reads")));
}
