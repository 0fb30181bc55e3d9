// SPDX-License-Identifier: MIT OR Apache-2.0
//! What runs inside the virtual machine of the tests: PID 1, the scenarios, and the
//! words in which both are reported to the host.
//!
//! The host side (`xtask`) uses the table of scenarios and the [`protocol`] from here, so
//! that neither is written down twice. To add a scenario, see [`scenarios`].

pub mod cmdline;
pub mod ctx;
pub mod demo;
pub mod init;
pub mod port;
pub mod protocol;
pub mod runner;
pub mod scenario;
pub mod scenarios;

pub use ctx::Ctx;
pub use scenario::{Boot, Expect, KernelKind, Needs, Scenario};
