//! Runs the built `firesteel`, every wait bounded.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Generous, for busy machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A run that is being prepared. It sees no `PYRO_*` variables but those given.
pub struct Firesteel(Command, Option<&'static str>);

/// What a run left behind.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A server that runs; killed when dropped.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

/// Runs `firesteel` to its end.
#[track_caller]
pub fn firesteel(args: &[&str]) -> Output {
    Firesteel::new(args).run()
}

/// Starts `firesteel echoserver` on a free port of 127.0.0.1, unless the arguments say otherwise.
#[track_caller]
pub fn echoserver(args: &[&str]) -> (Server, String) {
    let mut server = Firesteel::new(&["echoserver", "-H", "127.0.0.1"]).args(args).start();
    let uri = server.wait_for("echo uri: ");
    server.wait_for("echoserver running.");
    (server, uri)
}

impl Firesteel {
    pub fn new(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firesteel"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PYRO_")) {
            command.env_remove(name);
        }
        command.env("TZ", "UTC").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command, None).args(args)
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.0.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// What stands on its standard input.
    pub fn says(mut self, text: &'static str) -> Self {
        self.0.stdin(Stdio::piped());
        self.1 = Some(text);
        self
    }

    #[track_caller]
    pub fn run(self) -> Output {
        self.start().finish()
    }

    #[track_caller]
    pub fn start(mut self) -> Server {
        let mut child = self.0.spawn().expect("firesteel starts");
        if let (Some(text), Some(mut input)) = (self.1, child.stdin.take()) {
            input.write_all(text.as_bytes()).expect("it reads");
        }
        let output = lines(child.stdout.take().expect("stdout is piped"));
        let errors = lines(child.stderr.take().expect("stderr is piped"));
        Server { child, lines: output, errors }
    }
}

impl Output {
    /// The standard output of a run that succeeded silently.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// The one line on standard error of a run that failed with this exit code.
    #[track_caller]
    pub fn error(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {self:?}"));
        assert!(!line.contains('\n') && line.starts_with("error: "), "{self:?}");
        line.to_owned()
    }
}

impl Server {
    /// The next line of standard output.
    #[track_caller]
    pub fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    /// Reads lines up to one that begins with `prefix`, and returns the rest of that.
    #[track_caller]
    pub fn wait_for(&mut self, prefix: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(prefix) {
                        return rest.to_owned();
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {prefix:?} in time"),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended before {prefix:?}: {:?}", self.errors.iter().collect::<Vec<_>>())
                }
            }
        }
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end. The lines that were read before are not in the output.
    #[track_caller]
    pub fn finish(mut self) -> Output {
        let status = self.wait();
        // Nobody else holds the pipes, so they end with the process.
        let all = |lines: &Receiver<String>| lines.iter().map(|line| line + "\n").collect();
        Output { code: status.code(), stdout: all(&self.lines), stderr: all(&self.errors) }
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "firesteel did not end in time");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("a child can be signalled");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            // The pipe must be drained even if nobody wants the lines any more.
            let _ = sender.send(line.expect("UTF-8"));
        }
    });
    lines
}
