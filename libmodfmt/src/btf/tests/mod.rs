// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blobs made up for the purpose.

pub(crate) mod blob;
mod damage;
mod kernel_types;
mod prefix;
mod reading;
