// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a keeper is made for.

use crate::export::ExportLayout;

/// What a keeper is made for.
#[derive(Debug, Clone, Copy)]
pub struct KeeperOptions<'a> {
    /// The kernel's layout of export tables; see [`crate::export`] for how to learn it.
    pub layout: &'a ExportLayout,
    /// For a trial load beside a living keeper: another name and no exports, all else the same.
    pub trial: bool,
}
