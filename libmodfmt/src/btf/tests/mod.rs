// SPDX-License-Identifier: MIT OR Apache-2.0
pub(crate) mod blob;
mod damage;
mod reading;
