// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of a log, and what the way of the log put before the kernel's own words: times, levels, callers,
//! host names, quotation marks, in any combination.
//!
//! `Jan 23 09:11:20 host kernel: [   12.345678][  T321] RIP: 0010:f+0x1/0x2` has a syslog date (`syslog`),
//! then a time since boot and a caller (`printk`). [`strip`] takes such layers off one by one. Most of them
//! are rows of one table of named patterns (`table`).

mod csv;
mod dmesg;
mod journal;
mod kmsg;
mod log_line;
mod logcat;
mod mail;
mod numbered;
mod pattern;
mod prefix;
mod printk;
mod strip;
mod syslog;
mod table;
mod terminal;
mod vendor;

pub(crate) use log_line::LogLine;
pub(crate) use prefix::{Fragment, Prefix};
pub(crate) use strip::{late_prefix, strip, strip_from, trimmed_len};
