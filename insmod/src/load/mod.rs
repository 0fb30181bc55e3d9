// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading a module.
//!
//! - `dispatch`: chooses between the next two.
//! - `plain`: as kmod does it.
//! - `persistent`: keeps persistent data, by `modkeep`'s plan; through `keeper` on a stock kernel, through
//!   `extended` on the extended kernel.
//! - `strip_versions`, `decompression`: what kmod does itself if the kernel does not.
//! - `map`: `--map`, after the load.

mod decompression;
mod dispatch;
mod extended;
mod keeper;
pub(crate) mod map;
pub(crate) mod persistent;
pub(crate) mod plain;
mod strip_versions;

pub(crate) use dispatch::load;
