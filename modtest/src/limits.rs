// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a reader may cost for a megabyte of input, whatever is in it: 2 seconds of processor time and 512 MB.
//!
//! Memory is the growth of the resident set, by `VmHWM` of `/proc/self/status`. So a test binary that uses
//! this has one test, and nothing else runs in its process.
//!
//! ```
//! use modtest::limits::{INPUT_BYTES, assert_limits};
//!
//! let input = vec![0; INPUT_BYTES];
//! assert_limits("counting", || assert_eq!(input.iter().filter(|&&byte| byte == 1).count(), 0));
//! ```

use std::fs;
use std::time::Duration;

use crate::CpuTimer;

/// The size of an input, in bytes.
pub const INPUT_BYTES: usize = 1 << 20;

/// The memory that reading it may take, in bytes.
pub const MAX_MEMORY_BYTES: u64 = 512 << 20;

/// The processor time that reading it may take. A debug build, without optimisation and with checks, takes up
/// to ten times as long as a release build.
pub const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

/// Reads, and fails if that took too long or too much memory.
#[track_caller]
pub fn assert_limits(what: &str, read: impl FnOnce()) {
    // The peak begins anew.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    let timer = CpuTimer::start();
    read();
    let (time, grown) = (timer.elapsed(), memory("VmHWM:").saturating_sub(before));
    if time > MAX_TIME / 10 || grown > MAX_MEMORY_BYTES / 10 {
        println!("{what}: {time:.1?}, {} MB", grown >> 20);
    }
    assert!(time <= MAX_TIME, "{what} took {time:?}");
    assert!(grown <= MAX_MEMORY_BYTES, "{what} took {} MB", grown >> 20);
}

/// A field of `/proc/self/status`, in bytes.
fn memory(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
