//! Python child processes whose output is read with a time bound.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::environment::{python, scripts};

/// Starts `python -m Pyro5.utils.echoserver`, Pyro5's own echo server, and returns its URI.
///
/// It listens on a free port of 127.0.0.1 unless `args` say otherwise (`-u PATH`, `-H HOST` ...).
///
/// # Panics
///
/// If it does not print its URI within [`START_TIME`].
#[must_use]
#[track_caller]
pub fn echoserver(args: &[&str]) -> (PythonProcess, String) {
    Python::module("Pyro5.utils.echoserver").args(["-H", "127.0.0.1", "-p", "0"]).args(args).serve("echo uri: ")
}

/// Starts a server of `tests/interop/python` and returns the URI from its first `READY` line.
///
/// # Panics
///
/// If it does not print that line within [`START_TIME`].
#[must_use]
#[track_caller]
pub fn server(script: &str, args: &[&str]) -> (PythonProcess, String) {
    Python::script(script).args(args).serve("READY ")
}

/// How long a Python server may take until it prints its URI; generous, for busy machines.
pub const START_TIME: Duration = Duration::from_secs(60);

/// A Python program to be started, with its arguments and environment.
///
/// The child sees no `PYRO_*` variables but those given to [`env`](Self::env).
#[derive(Debug)]
pub struct Python {
    command: Command,
}

impl Python {
    /// A program of `tests/interop/python`, or of elsewhere if `path` is absolute.
    #[must_use]
    pub fn script(path: &str) -> Self {
        Self::launch("script", scripts().join(path).as_os_str())
    }

    /// A program given as text. It may import what lies in `tests/interop/python`.
    #[must_use]
    pub fn source(text: &str) -> Self {
        Self::launch("source", text.as_ref())
    }

    /// A module, as with `python -m`.
    #[must_use]
    pub fn module(name: &str) -> Self {
        Self::launch("module", name.as_ref())
    }

    fn launch(kind: &str, what: &OsStr) -> Self {
        let mut command = Command::new(python());
        command.arg(scripts().join("launch.py")).arg(std::process::id().to_string()).arg(kind).arg(what);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("PYRO_") || name_text.starts_with("PYTHON") {
                command.env_remove(&name);
            }
        }
        command
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONIOENCODING", "utf-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable, for instance `PYRO_COMPRESSION`.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Hands a connected socket (one end of a socketpair, say) to the child as file descriptor 0.
    ///
    /// Tell the program so with an argument `0`. Only this child gets it: a descriptor that is
    /// merely inheritable would leak into whatever other tests start at the same moment.
    #[must_use]
    pub fn socket(mut self, socket: impl Into<OwnedFd>) -> Self {
        self.command.stdin(Stdio::from(socket.into()));
        self
    }

    /// Starts the program.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    #[track_caller]
    pub fn start(mut self) -> PythonProcess {
        match self.command.spawn() {
            Ok(child) => PythonProcess::new(child),
            Err(error) => panic!("{:?} cannot be started: {error}", self.command),
        }
    }

    /// Starts the program and waits for a line `prefix` + URI.
    ///
    /// # Panics
    ///
    /// If that line does not come within [`START_TIME`].
    #[must_use]
    #[track_caller]
    pub fn serve(self, prefix: &str) -> (PythonProcess, String) {
        let mut process = self.start();
        let uri = process.wait_for(prefix, START_TIME);
        (process, uri)
    }

    /// Starts the program and waits for its end, as [`PythonProcess::finish`] does.
    ///
    /// # Panics
    ///
    /// If the program fails or takes longer than `timeout`.
    #[track_caller]
    pub fn run(self, timeout: Duration) -> Output {
        self.start().finish(timeout)
    }
}

/// What a program left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// A running Python program. Dropping it kills the child, and shows its output if a test failed.
#[derive(Debug)]
pub struct PythonProcess {
    child: Child,
    lines: Receiver<String>,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Each reader holds a sender, so this is disconnected when both have seen the end.
    readers: Receiver<()>,
}

impl PythonProcess {
    fn new(mut child: Child) -> Self {
        let (line_sender, lines) = mpsc::channel();
        let (done, readers) = mpsc::channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        Self {
            child,
            lines,
            stdout: read_in_background(stdout, done.clone(), Some(line_sender)),
            stderr: read_in_background(stderr, done, None),
            readers,
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output without its line end; `None` once there are no more.
    ///
    /// # Panics
    ///
    /// If none comes within `timeout`.
    #[track_caller]
    pub fn line(&mut self, timeout: Duration) -> Option<String> {
        match self.lines.recv_timeout(timeout) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("no line within {timeout:?}\n{}", self.report())
            }
        }
    }

    /// Reads lines up to one that begins with `prefix`, and returns the rest of that line.
    ///
    /// # Panics
    ///
    /// If it does not come within `timeout`, or the program ends before.
    #[track_caller]
    pub fn wait_for(&mut self, prefix: &str, timeout: Duration) -> String {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(prefix) {
                        return rest.to_owned();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.wait_for_readers();
                    panic!("the program ended before {prefix:?}\n{}", self.report())
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {prefix:?} within {timeout:?}\n{}", self.report())
                }
            }
        }
    }

    /// Whether the program runs still.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end of the program and returns its output.
    ///
    /// # Panics
    ///
    /// If the program fails, or runs for longer than `timeout` from now (it is killed then). The
    /// message holds both outputs.
    #[track_caller]
    pub fn finish(mut self, timeout: Duration) -> Output {
        let deadline = Instant::now() + timeout;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                Ok(None) => panic!("not finished within {timeout:?}\n{}", self.report()),
                Err(error) => panic!("cannot wait for the program: {error}"),
            }
        };
        self.wait_for_readers();
        assert!(status.success(), "the program failed\n{}", self.report());
        self.output(status)
    }

    /// Kills the program and returns what it has written, for servers that never end.
    ///
    /// # Panics
    ///
    /// If the system does not let the program be waited for.
    pub fn stop(mut self) -> Output {
        let _ = self.child.kill();
        let status = self.child.wait().expect("a child can be waited for");
        self.wait_for_readers();
        self.output(status)
    }

    /// Bounded: a grandchild may hold the pipes open for longer than the program lived.
    fn wait_for_readers(&self) {
        let _ = self.readers.recv_timeout(Duration::from_secs(5));
    }

    fn output(&self, status: ExitStatus) -> Output {
        Output { status, stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }

    fn report(&mut self) -> String {
        let state = match self.child.try_wait() {
            Ok(Some(status)) => status.to_string(),
            _ => "still running".to_owned(),
        };
        format!("state: {state}\n--- stdout\n{}--- stderr\n{}---", text(&self.stdout), text(&self.stderr))
    }
}

impl Drop for PythonProcess {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("Python program {}: {}", self.id(), self.report());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(bytes: &Mutex<Vec<u8>>) -> String {
    let bytes = bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read_in_background(
    pipe: impl Read + Send + 'static,
    done: Sender<()>,
    lines: Option<Sender<String>>,
) -> Arc<Mutex<Vec<u8>>> {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&collected);
    thread::spawn(move || {
        let _done = done;
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
            if let Ok(mut bytes) = shared.lock() {
                bytes.extend_from_slice(&line);
            }
            if let Some(lines) = &lines {
                let text = String::from_utf8_lossy(&line);
                // Nobody may want the lines any more; the pipe must be drained all the same.
                let _ = lines.send(text.trim_end_matches(['\r', '\n']).to_owned());
            }
            line.clear();
        }
    });
    collected
}
