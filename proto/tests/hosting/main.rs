//! What a daemon does around its calls, in both registries, on a virtual clock.

mod common;
mod counters;
mod deaths;
mod executor;
mod gatekeeper;
mod gone;
mod guests;
mod hooks;
mod interface;
mod notices;
mod spawned;
mod weak;
