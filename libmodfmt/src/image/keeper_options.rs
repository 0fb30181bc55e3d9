// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a keeper is made for.

use super::Bindings;
use crate::export::ExportLayout;

/// What a keeper is made for.
#[derive(Debug, Clone, Copy)]
pub struct KeeperOptions<'a> {
    /// The kernel's layout of export tables; see [`crate::export`] for how to learn it.
    pub layout: &'a ExportLayout,
    /// What it holds, and where the other units are.
    pub bindings: &'a Bindings,
}
