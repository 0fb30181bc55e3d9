// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests of several crates share. A dev-dependency only: nothing here is shipped.
//!
//! - [`module`]: makes module files, section by section.
//! - [`FakeKernel`]: a scripted kernel in memory; [`keeper_exports`] makes one that resolves the exports of
//!   keepers.
//! - [`calls`]: return addresses sampled from the code of a file.
//! - [`compile`]: builds C fixtures with the machine's compiler.
//! - [`hostile`]: names that must not reach a terminal as they are.
//! - [`hostile_files`]: inputs that were made to cost much; [`limits`] checks that they do not.
//! - [`corpus`]: public kernel logs, if they are at hand.
//! - [`panic_code`]: the digits of a panic screen's QR code.
//! - [`CpuTimer`]: processor time, for tests of how time grows.
//!
//! ```
//! use libmodsys::Kernel;
//! use modtest::FakeKernel;
//! use modtest::module::Make;
//!
//! let kernel = FakeKernel::new();
//! kernel.init_module(&Make::typical("foo").build(), c"debug=1")?;
//! assert_eq!(kernel.history(), ["+foo"]);
//! # Ok::<(), libmodsys::Errno>(())
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "tests panic to fail"
)]

pub mod calls;
pub mod compile;
pub mod corpus;
mod cpu_time;
mod fake_kernel;
pub mod hostile;
pub mod hostile_files;
pub mod keeper_exports;
pub mod limits;
pub mod module;
pub mod panic_code;

pub use cpu_time::CpuTimer;
pub use fake_kernel::{Call, FakeKernel, FakeModule, LoadRequest, Op, Settings};
