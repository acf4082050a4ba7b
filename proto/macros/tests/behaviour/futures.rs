//! Async methods.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use firesteel_macros::expose;
use firesteel_proto::{ArcObject, Context, Fault, Metadata, Outcome, Registry, Request, Stream, Task};

use crate::support::{Pair, in_world, local, metadata, shared};

#[derive(Default)]
struct Chat {
    log: Mutex<Vec<String>>,
    volume: Mutex<i64>,
}

struct Silence(&'static str);

impl From<Silence> for Fault {
    fn from(silence: Silence) -> Self {
        Fault::new("builtins.ValueError", silence.0)
    }
}

/// Is pending once.
async fn breath() {
    let mut taken = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut taken, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[expose(crate = firesteel_proto)]
impl Chat {
    pub async fn say(&self, text: String, #[default(1)] times: usize) -> Result<usize, Silence> {
        breath().await;
        if text.is_empty() {
            return Err(Silence("say something"));
        }
        let mut log = self.log.lock().unwrap();
        log.extend(std::iter::repeat_n(text, times));
        Ok(log.len())
    }

    pub async fn lent(
        &self,
        text: &str,
        bytes: &[u8],
        list: &[i64],
        map: &BTreeMap<String, i64>,
        maybe: Option<&str>,
        #[default("none")] rest: &str,
    ) -> String {
        breath().await;
        format!("{text} {bytes:?} {list:?} {map:?} {maybe:?} {rest}")
    }

    pub async fn nothing(&self) {
        breath().await;
    }

    pub async fn fixed(&self) -> &'static str {
        "fixed"
    }

    #[oneway]
    #[ordered]
    pub async fn note(&self, text: String) {
        breath().await;
        self.log.lock().unwrap().push(text);
    }

    #[expose(name = "__len__")]
    pub fn len(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    #[attr]
    pub async fn volume(&self) -> i64 {
        breath().await;
        *self.volume.lock().unwrap()
    }

    #[attr]
    pub async fn set_volume(&self, volume: i64) -> Result<(), Silence> {
        breath().await;
        if volume == 0 {
            return Err(Silence("that would be silence"));
        }
        *self.volume.lock().unwrap() = volume;
        Ok(())
    }

    pub fn lines(&self) -> Stream {
        Stream::new(self.log.lock().unwrap().clone())
    }

    /// It needs the context, and goes on as a future.
    pub fn whence(self: Arc<Self>, cx: &mut Context<'_>) -> Outcome {
        let local = cx.peer().local;
        cx.spawn(async move {
            breath().await;
            Ok((local, self.log.lock().unwrap().len()))
        })
    }

    #[skip]
    pub fn for_rust_only(&mut self) {
        self.log.get_mut().unwrap().clear();
    }
}

type Tasks = Arc<Mutex<Vec<Task>>>;

fn executor<R: Registry>(pair: &mut Pair<R>) -> Tasks {
    let tasks = Tasks::default();
    let queue = Arc::clone(&tasks);
    pair.daemon.set_spawner(move |task| queue.lock().unwrap().push(task));
    tasks
}

fn run(tasks: &Tasks) {
    loop {
        let Some(mut task) = tasks.lock().unwrap().pop() else { return };
        while task.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending() {}
    }
}

/// Makes a call, and runs its future.
fn ask<R: Registry, T: serde::de::DeserializeOwned>(
    pair: &mut Pair<R>,
    tasks: &Tasks,
    request: &Request<'_>,
) -> Result<T, Fault> {
    let id = pair.start(request);
    run(tasks);
    pair.finish(id)
}

fn chats<R: Registry>(pair: &mut Pair<R>) {
    let tasks = &executor(pair);
    assert_eq!(ask(pair, tasks, &Request::method("say", &("hello",))), Ok(1));
    let named = [("times", 2)].into_iter().collect::<BTreeMap<_, _>>();
    assert_eq!(ask(pair, tasks, &Request::method("say", &("hello",)).kwargs(&named)), Ok(3));
    let fault = ask::<_, i64>(pair, tasks, &Request::method("say", &("",))).expect_err("nothing was said");
    assert!(fault.is("builtins.ValueError"), "{fault}");
    assert_eq!(pair.call("__len__", ()), Ok(3), "methods that are not async answer at once");
    let args = ("a", firesteel_proto::Blob::from(vec![1]), [2], BTreeMap::from([("k", 3)]), None::<String>);
    let text: String = ask(pair, tasks, &Request::method("lent", &args)).expect("a text");
    assert_eq!(text, r#"a [1] [2] {"k": 3} None none"#);
    assert_eq!(ask(pair, tasks, &Request::method("nothing", &())), Ok(()));
    assert_eq!(ask(pair, tasks, &Request::method("fixed", &())), Ok("fixed".to_owned()));
    let set = ask::<_, ()>(pair, tasks, &Request::set("volume", &0)).expect_err("silence");
    assert_eq!(set.message(), "that would be silence");
    assert_eq!(ask(pair, tasks, &Request::set("volume", &11)), Ok(()));
    assert_eq!(ask(pair, tasks, &Request::get("volume")), Ok(11));
    assert_eq!(ask(pair, tasks, &Request::method("whence", &())), Ok((true, 3)));
    pair.notify(&Request::method("note", &("x",)));
    let after = pair.start(&Request::method("__len__", &()));
    run(tasks);
    assert_eq!(pair.finish(after), Ok(4), "it is ordered");
    let stream = pair.start(&Request::method("lines", &()));
    assert!(!pair.stream(stream).is_empty());
}

#[test]
fn async_methods_answer_when_they_end() {
    chats(&mut local(Arc::new(Chat::default())));
    chats(&mut shared(Arc::new(Chat::default())));
}

#[test]
fn they_are_shared_and_setters_run_alone() {
    let mut chat = Chat::default();
    chat.for_rust_only();
    let chat = Arc::new(chat);
    let metadata: &Metadata = metadata(&chat);
    let mut names: Vec<_> = metadata.methods().map(|(name, flags)| (name, flags.shared, flags.oneway)).collect();
    names.sort_unstable();
    let shared = |name| (name, true, false);
    let mut expected = ["__len__", "fixed", "lent", "lines", "nothing", "say", "whence"].map(shared).to_vec();
    expected.push(("note", true, true));
    expected.sort_unstable();
    assert_eq!(names, expected);
}

struct Scale<T>(T);

#[expose(crate = firesteel_proto)]
impl<T: Copy + Send + Sync + serde::Serialize + 'static> Scale<T> {
    pub async fn weight(&self) -> T {
        self.0
    }

    pub fn world<W>(&self, _cx: &mut Context<'_, W>) -> usize {
        size_of::<W>()
    }
}

#[test]
fn they_may_be_generic_and_see_worlds() {
    fn is_object<W>(_: &impl ArcObject<W>) {}
    is_object::<u64>(&Scale(7));
    let mut pair = in_world(Arc::new(Scale(7)), 0_u64);
    let tasks = &executor(&mut pair);
    assert_eq!(ask(&mut pair, tasks, &Request::method("weight", &())), Ok(7));
    assert_eq!(pair.call("world", ()), Ok(8));
}
