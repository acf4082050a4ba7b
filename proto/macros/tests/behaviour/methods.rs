//! Exposed methods, called through a daemon.

use std::path::Path;

use firesteel_macros::expose;
use firesteel_proto::{Blob, Fault, Request, Value};
use serde::{Deserialize, Serialize};

use crate::support::{self, local, shared};

#[derive(Default)]
struct Counter {
    n: i64,
    log: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: i64,
}

/// The error of a user's program.
struct Broke {
    missing: i64,
}

impl From<Broke> for Fault {
    fn from(broke: Broke) -> Self {
        Self::new("builtins.ValueError", format_args!("{} are missing", broke.missing))
    }
}

#[expose(crate = firesteel_proto)]
impl Counter {
    const STEP: i64 = 10;

    /// Not a method of the object: it has no receiver.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn peek(&self) -> i64 {
        self.n
    }

    pub fn add(&mut self, by: i64) -> i64 {
        self.n += by;
        self.n
    }

    pub fn add_all(&mut self, first: i64, mut more: Vec<i64>, factor: f64) -> f64 {
        more.push(first);
        self.n += more.into_iter().sum::<i64>();
        self.n as f64 * factor
    }

    #[oneway]
    pub fn reset(&mut self) {
        self.n = 0;
    }

    #[oneway]
    pub fn touch(&self, _by: i64) -> Result<(), Broke> {
        Err(Broke { missing: 0 })
    }

    pub fn nothing(&self) {}

    pub fn take(&mut self, n: i64) -> Result<i64, Broke> {
        if n > self.n {
            return Err(Broke { missing: n - self.n });
        }
        self.n -= n;
        Ok(self.n)
    }

    pub fn check(&self) -> Result<(), Fault> {
        Err(Fault::new("builtins.KeyError", "check"))
    }

    // The long form of a receiver is understood, too.
    #[allow(clippy::needless_arbitrary_self_type)]
    pub fn boxed(self: &mut Self, point: Point) -> Option<Point> {
        (point.x > 0).then_some(point)
    }

    pub fn by(&mut self, #[default(Self::STEP)] by: i64, #[default] again: bool) -> i64 {
        self.n += if again { 2 * by } else { by };
        self.n
    }

    pub fn optional(&self, a: Option<i64>, #[default(Some(7))] b: Option<i64>) -> (Option<i64>, Option<i64>) {
        (a, b)
    }

    pub fn text(&mut self, text: &str, more: Option<&str>, #[default("-")] end: &str, #[default] rest: &str) -> String {
        self.log.push(text.to_owned());
        format!("{text}{}{end}{rest}", more.unwrap_or("?"))
    }

    pub fn lent(&self, point: &Point, points: &[Point], #[default(Some("none"))] name: Option<&str>) -> i64 {
        points.iter().map(|each| each.x).sum::<i64>() + point.y + name.map_or(0, |name| name.len() as i64)
    }

    pub fn bytes(&self, data: &[u8], more: Option<&[u8]>) -> Blob {
        Blob::from([data, more.unwrap_or_default()].concat())
    }

    pub fn path(&self, path: &Path, #[default] n: &i64) -> String {
        format!("{}:{n}", path.display())
    }

    pub fn log(&self) -> &[String] {
        &self.log
    }

    pub fn name(&self) -> &'static str {
        "counter"
    }

    pub fn r#type(&self, r#in: i64) -> i64 {
        r#in
    }

    #[expose(name = "__len__")]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    #[expose(name = "is_empty_now")]
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    #[skip]
    pub fn left_out(self) -> i64 {
        self.hidden()
    }

    #[expose(skip)]
    pub fn left_out_too<T>(&self, value: T) -> T {
        value
    }

    // Names of the generated trait's methods.
    pub fn call(&self, member: i64, args: i64, cx: i64) -> i64 {
        member + args + cx
    }

    pub fn metadata(&self) -> i64 {
        1
    }

    /// Deprecated, and callable all the same.
    #[deprecated]
    pub fn old(&self) -> i64 {
        -1
    }

    #[cfg(not(test))]
    pub fn elsewhere(&self, what: NoSuchType) -> NoSuchType {
        what
    }

    #[cfg(test)]
    pub fn here(&self) -> i64 {
        1
    }

    #[cfg(not(test))]
    pub fn here(&mut self) -> NoSuchType {
        2
    }

    pub(crate) fn internal(&self) -> i64 {
        self.n
    }

    fn hidden(&self) -> i64 {
        self.internal()
    }
}

fn kwargs(pairs: &[(&str, i64)]) -> std::collections::BTreeMap<String, i64> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

fn message<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    result.expect_err("a fault").to_string()
}

#[test]
fn methods_take_positional_and_keyword_arguments() {
    let mut pair = local(Counter::new());
    assert_eq!(pair.call("add", (5,)), Ok(5));
    assert_eq!(pair.call("peek", ()), Ok(5));
    assert_eq!(pair.call("nothing", ()), Ok(()));
    assert_eq!(pair.call("add_all", (1, [2, 3], 0.5)), Ok(5.5));
    assert_eq!(pair.send(&Request::method("add", &()).kwargs(&kwargs(&[("by", 2)]))), Ok(13));
    assert_eq!(pair.send(&Request::method("type", &()).kwargs(&kwargs(&[("in", 2)]))), Ok(2));
    assert_eq!(pair.call("boxed", (Point { x: 1, y: 2 },)), Ok(Some(Point { x: 1, y: 2 })));
    assert_eq!(pair.call("boxed", (Point { x: 0, y: 2 },)), Ok(None::<Point>));
    assert_eq!(pair.call("call", (1, 2, 3)), Ok(6));
    assert_eq!(pair.call("metadata", ()), Ok(1));
    assert_eq!(pair.call("old", ()), Ok(-1));
    assert_eq!(pair.call("here", ()), Ok(1));
}

#[test]
fn wrong_arguments_are_type_errors() {
    let mut pair = local(Counter::new());
    assert!(message(pair.call::<i64>("add", ())).contains("missing 1 required positional argument: 'by'"));
    assert!(message(pair.call::<i64>("add", (1, 2))).contains("takes 2 positional arguments but 3 were given"));
    assert!(message(pair.call::<i64>("peek", (1,))).contains("takes 1 positional argument but 2 were given"));
    assert!(message(pair.call::<i64>("add", ("x",))).contains("argument 'by'"));
}

#[test]
fn absent_arguments_have_their_defaults() {
    let mut pair = local(Counter::new());
    assert_eq!(pair.call("by", ()), Ok(10));
    assert_eq!(pair.call("by", (1,)), Ok(11));
    assert_eq!(pair.call("by", (1, true)), Ok(13));
    assert_eq!(pair.call("optional", ()), Ok((None::<i64>, Some(7))));
    assert_eq!(pair.call("optional", (1, None::<i64>)), Ok((Some(1), None::<i64>)));
}

#[test]
fn references_are_lent_to_the_method() {
    let mut pair = local(Counter::new());
    assert_eq!(pair.call("text", ("a'\n",)), Ok("a'\n?-".to_owned()));
    assert_eq!(pair.call("text", ("a", "b", "c", "d")), Ok("abcd".to_owned()));
    let text = [("text", "k")].into_iter().collect::<std::collections::BTreeMap<_, _>>();
    assert_eq!(pair.send(&Request::method("text", &()).kwargs(&text)), Ok("k?-".to_owned()));
    assert_eq!(pair.call("log", ()), Ok(vec!["a'\n".to_owned(), "a".to_owned(), "k".to_owned()]));
    let points = [Point { x: 1, y: 2 }, Point { x: 3, y: 4 }];
    assert_eq!(pair.call("lent", (&points[0], &points)), Ok(10));
    assert_eq!(pair.call("lent", (&points[0], &points, "ab")), Ok(8));
    assert_eq!(pair.call("lent", (&points[0], &points, None::<&str>)), Ok(6));
    assert_eq!(pair.call("bytes", (Blob::from(&b"ab"[..]),)), Ok(Blob::from(&b"ab"[..])));
    assert_eq!(pair.call("bytes", (Blob::from(&b"ab"[..]), Blob::from(&b"c"[..]))), Ok(Blob::from(&b"abc"[..])));
    assert_eq!(pair.call("path", ("/tmp/x",)), Ok("/tmp/x:0".to_owned()));
    assert_eq!(pair.call("name", ()), Ok("counter".to_owned()));
}

#[test]
fn errors_are_remote_exceptions() {
    let mut pair = local(Counter::new());
    assert_eq!(message(pair.call::<i64>("take", (3,))), "builtins.ValueError: 3 are missing");
    assert_eq!(message(pair.call::<()>("check", ())), "builtins.KeyError: check");
    assert_eq!(pair.call("add", (5,)), Ok(5));
    assert_eq!(pair.call("take", (3,)), Ok(2));
}

#[test]
fn names_differ_where_told() {
    assert_eq!(Counter::new().left_out(), Counter::new().left_out_too(0));
    let mut pair = local(Counter::new());
    assert_eq!(pair.call("__len__", ()), Ok(0));
    assert_eq!(pair.call("is_empty_now", ()), Ok(true));
    for name in ["len", "is_empty", "left_out", "left_out_too", "internal", "hidden", "new", "elsewhere", "r#type"] {
        assert!(message(pair.call::<Value>(name, ())).starts_with("builtins.AttributeError"), "{name}");
    }
}

#[test]
fn oneway_methods_are_called_without_an_answer() {
    let mut pair = local(Counter { n: 3, log: Vec::new() });
    pair.notify(&Request::method("reset", &()));
    pair.notify(&Request::method("touch", &(1,)));
    assert_eq!(pair.call("peek", ()), Ok(0));
}

#[test]
fn metadata_tell_what_may_run_at_once() {
    let counter = Counter::new();
    let metadata = support::metadata(&counter);
    let flags = |name| metadata.method(name).map(|flags| (flags.shared, flags.oneway));
    assert_eq!(flags("peek"), Some((true, false)));
    assert_eq!(flags("add"), Some((false, false)));
    assert_eq!(flags("boxed"), Some((false, false)));
    assert_eq!(flags("reset"), Some((false, true)));
    assert_eq!(flags("touch"), Some((true, true)));
    assert_eq!(flags("here"), Some((true, false)));
    assert_eq!(flags("left_out"), None);
    assert_eq!(flags("elsewhere"), None);
    assert_eq!(metadata.attributes().count(), 0);
}

#[test]
fn a_registry_for_threads_runs_both_kinds() {
    let mut pair = shared(Counter::new());
    assert_eq!(pair.call("add", (5,)), Ok(5));
    assert_eq!(pair.call("peek", ()), Ok(5));
    assert_eq!(message(pair.call::<i64>("take", (9,))), "builtins.ValueError: 4 are missing");
    assert_eq!(pair.call("text", ("a",)), Ok("a?-".to_owned()));
}
