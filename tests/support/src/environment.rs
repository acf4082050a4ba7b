//! The virtual environment that holds Pyro5, Pyro4 and their serializers.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// The interpreter of the virtual environment, which is made by the first caller.
///
/// It lies in the target directory as `pyro-venv-<hash of the requirements>`, so that other
/// requirements mean another environment. Several test processes may call this at once.
///
/// # Panics
///
/// If `python3` or its `venv` module is missing, or if the packages cannot be installed. The tests
/// are meaningless without the original, therefore nothing is skipped.
#[must_use]
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let name = format!("pyro-venv-{:016x}", fnv1a(REQUIREMENTS.as_bytes()));
        Environment::new(target_directory().join(name)).prepare(install)
    })
}

/// The folder of the Python programs of the tests, `tests/interop/python`.
#[must_use]
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/python")
}

const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Longer than pip needs on a slow line; whoever waits for another process gives up after it.
const MAX_WAIT: Duration = Duration::from_secs(600);

pub(crate) struct Environment {
    root: PathBuf,
}

impl Environment {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the interpreter, calling `install` for a folder that is not there or half made.
    pub(crate) fn prepare(&self, install: impl FnOnce(&Path, &File)) -> PathBuf {
        if !self.is_complete() {
            let lock = self.lock();
            // Another process may have finished while this one waited for the lock.
            if !self.is_complete() {
                self.rebuild(|root| install(root, &lock));
            }
        }
        self.interpreter()
    }

    fn interpreter(&self) -> PathBuf {
        self.root.join("bin/python")
    }

    fn marker(&self) -> PathBuf {
        self.root.join("complete")
    }

    /// The interpreter is a link to the system's Python, which may have been removed since.
    fn is_complete(&self) -> bool {
        self.marker().exists() && self.interpreter().exists()
    }

    fn rebuild(&self, install: impl FnOnce(&Path)) {
        if self.root.exists() {
            fs::remove_dir_all(&self.root).expect("a half-made environment can be removed");
        }
        install(&self.root);
        let unfinished = self.root.join("complete.new");
        fs::write(&unfinished, REQUIREMENTS).expect("the marker can be written");
        fs::rename(&unfinished, self.marker()).expect("the marker can be renamed");
    }

    /// The system frees the lock when its holders die, so a killed run leaves nothing to clean up.
    fn lock(&self) -> File {
        fs::create_dir_all(self.root.parent().expect("it lies in the target directory"))
            .expect("the target directory can be made");
        let path = self.root.with_extension("lock");
        let file = File::create(&path).expect("the lock file can be made");
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return file,
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(50));
                }
                Err(error) => panic!("cannot lock {}: {error}", path.display()),
            }
        }
    }
}

/// The programs that work in `root` hold the lock as their standard input: they outlive a killed run.
fn install(root: &Path, lock: &File) {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(root);
    run(&mut venv, lock, INSTALL_PYTHON);
    let mut pip = Command::new(root.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
        .arg("--disable-pip-version-check")
        .args(REQUIREMENTS.split_whitespace());
    run(&mut pip, lock, "the tests install Pyro from PyPI; is the network there?");
}

const INSTALL_PYTHON: &str = "the tests need python3 with its venv module: \
    install it with `apt-get install python3 python3-venv`, or with your system's own command";

fn run(command: &mut Command, lock: &File, advice: &str) {
    let input = lock.try_clone().expect("the lock file can be shared");
    command.stdin(Stdio::from(input));
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?} cannot be started: {error}\n{advice}"),
    };
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{advice}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// A test program lies inside cargo's target directory, wherever that is configured to be.
fn target_directory() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let tagged = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    if let Some(folder) = tagged {
        return folder.to_owned();
    }
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    }
}

/// The standard library's hashes may change with the compiler, and would then leave old folders.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn pretend_to_install(root: &Path, _: &File) {
        assert!(!root.exists(), "leftovers must be gone");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::write(root.join("bin/python"), "").unwrap();
    }

    fn empty_folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn made_only_once_by_many() {
        let folder = empty_folder("testkit-once");
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    Environment::new(folder.join("venv")).prepare(|root, lock| {
                        made.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(100));
                        pretend_to_install(root, lock);
                    })
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn half_made_is_made_again() {
        let folder = empty_folder("testkit-half");
        let environment = Environment::new(folder.join("venv"));
        fs::create_dir_all(folder.join("venv/bin")).unwrap();
        fs::write(folder.join("venv/bin/python"), "").unwrap();
        assert!(!environment.is_complete());
        environment.prepare(pretend_to_install);
        assert!(environment.is_complete());
        environment.prepare(|_, _| panic!("it is there already"));
        fs::remove_file(folder.join("venv/bin/python")).unwrap();
        environment.prepare(pretend_to_install);
        assert!(environment.is_complete());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_killed_run_started_holds_the_lock() {
        let folder = empty_folder("testkit-killed");
        let environment = Environment::new(folder.join("venv"));
        let lock = environment.lock();
        let mut orphan =
            Command::new("sleep").arg("0.3").stdin(Stdio::from(lock.try_clone().unwrap())).spawn().unwrap();
        drop(lock);
        let started = Instant::now();
        drop(environment.lock());
        assert!(started.elapsed() > Duration::from_millis(200));
        orphan.wait().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[should_panic(expected = "apt-get install python3 python3-venv")]
    fn says_what_to_install() {
        let lock = File::open("/dev/null").unwrap();
        let mut missing = Command::new("firesteel-no-such-python");
        run(&mut missing, &lock, INSTALL_PYTHON);
    }
}
