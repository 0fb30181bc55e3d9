// SPDX-License-Identifier: MIT OR Apache-2.0
//! What runs inside the test machine: PID 1, the scenarios, and the [`protocol`] in which results are
//! reported to the host.
//!
//! The host side (`xtask`) takes the scenario table and the protocol from this crate, so that both sides
//! always agree. To add a scenario, see [`scenarios`].

pub mod cmdline;
pub mod crashes;
pub mod ctx;
pub mod demo;
pub mod histories;
pub mod init;
pub mod kernel_types;
pub mod port;
pub mod protocol;
pub mod runner;
pub mod scenario;
pub mod scenarios;

pub use ctx::Ctx;
pub use scenario::{Boot, Expect, KernelKind, Needs, Scenario};
