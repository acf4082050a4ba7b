//! The contract of `embedding`, line by line: each module holds the tests of one.

mod common;
mod line_01_any_order;
mod line_02_time;
mod line_03_inputs;
mod line_04_wakeups;
mod line_05_fairness;
mod line_06_back_pressure;
mod line_06_room;
mod line_07_memory;
mod line_08_ends;
mod line_08_retries;
mod line_09_gone;
mod line_10_batches;
mod line_11_streams;
mod line_12_shutdown;
mod line_13_determinism;
mod line_14_order;
