//! How much user code one step may run.

/// How many calls one [`dispatch`](super::Daemon::dispatch) may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(usize);

impl Budget {
    /// As many as wait, those included that become possible meanwhile.
    pub const UNLIMITED: Self = Self(usize::MAX);

    /// At most `n` calls; a client's handshake counts as one.
    pub const fn calls(n: usize) -> Self {
        Self(n)
    }

    pub(super) const fn allows(self, done: usize) -> bool {
        done < self.0
    }
}

/// What one [`dispatch`](super::Daemon::dispatch) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispatched {
    /// Calls that ran.
    pub calls: usize,
    /// True when more could run at once.
    pub more: bool,
}
