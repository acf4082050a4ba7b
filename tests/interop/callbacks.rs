//! A client in Rust that has a daemon of its own, so that objects in Python can call it back (`examples/callback` of Pyro5).

use std::sync::{Arc, Mutex, PoisonError};

use firesteel::{Fault, ObjectRef, Stream, expose};
use firesteel_testkit::Python;

use crate::hosted::{Hosted, server_config};
use crate::support::{assert_raises, config, connect, eventually};

type Notes = Arc<Mutex<Vec<String>>>;

/// What Python calls back.
struct Listener(Notes);

#[expose]
impl Listener {
    pub fn heard(&self, text: String) -> Result<String, Fault> {
        match text.as_str() {
            "bad" => Err(Fault::new("builtins.ValueError", "that was bad")),
            _ => Ok(format!("heard {text}")),
        }
    }

    #[oneway]
    pub fn noted(&mut self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    #[attr]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn words(&self) -> Stream {
        Stream::new(["one", "two"])
    }
}

/// Its methods get a proxy of whoever is to be called back.
const CALLER: &str = "
from generation import Daemon, config, expose
config.COMMTIMEOUT = 30.0
@expose
class Caller:
    def call(self, listener, text):
        with listener:
            return type(listener).__name__, listener.heard(text)
    def tell(self, listener, texts):
        with listener:
            for text in texts:
                listener.noted(text)
            return listener.count
    def words(self, listener):
        with listener:
            return list(listener.words())
with Daemon(host='127.0.0.1') as daemon:
    print('READY', daemon.register(Caller()), flush=True)
    daemon.requestLoop()
";

#[test]
fn python_calls_back_an_object_of_its_rust_client() {
    for generation in ["5", "4"] {
        let (_server, uri) = Python::source(CALLER).env("GENERATION", generation).serve("READY ");
        let notes = Notes::default();
        let theirs = Arc::clone(&notes);
        let client = Hosted::local("127.0.0.1:0", server_config(), "listener", move |_| Listener(theirs));
        let (caller, listener) = (connect(&uri, config()), ObjectRef::from(client.uri.clone()));
        let answer: (String, String) = caller.call("call", &(&listener, "this")).expect("an answer");
        assert_eq!(answer, ("Proxy".to_owned(), "heard this".to_owned()));
        // An exception of the callback goes through the method of Python.
        assert_raises(caller.call::<()>("call", &(&listener, "bad")), "builtins.ValueError", "that was bad");
        assert_eq!(caller.call::<Vec<String>>("words", &(&listener,)).expect("an answer"), ["one", "two"]);
        // Nobody waits for these.
        caller.call::<usize>("tell", &(&listener, ["a", "b"])).expect("an answer");
        eventually("both are noted", || *notes.lock().unwrap_or_else(PoisonError::into_inner) == ["a", "b"]);
        assert_eq!(caller.call::<usize>("tell", &(&listener, [""; 0])).expect("an answer"), 2);
    }
}
