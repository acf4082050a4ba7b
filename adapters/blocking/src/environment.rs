//! Settings from this process's environment.

use firesteel_proto::{SettingError, Settings};

/// Reads the `PYRO_*` variables of the environment: see [`Settings`].
///
/// ```no_run
/// # use firesteel_blocking::{Server, environment};
/// # use firesteel_proto::{Local, Shared};
/// let settings = environment()?;
/// let server = Server::shared_with(&settings.address(7766), &Shared::new(), settings.workers, settings.config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A variable that cannot be read.
pub fn environment() -> Result<Settings, SettingError> {
    let vars = std::env::vars_os();
    Settings::from_vars(
        vars.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())),
    )
}
