// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the owner of persistent data was loaded when the report was written.

use liboops::report::Report;
use serde::Serialize;

use super::KnownRegion;

/// Whether the owner of persistent data was loaded when the report was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerStatus {
    /// Loaded.
    Loaded,
    /// Its init had not returned yet.
    Loading,
    /// Its exit was running.
    Unloading,
    /// Not loaded: the pointer is stale.
    NotLoaded,
    /// No source says.
    Unknown,
}

impl OwnerStatus {
    /// The text in the annotated log.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Loaded => "loaded then",
            Self::Loading => "loading then (in its init)",
            Self::Unloading => "unloading then (in its exit)",
            Self::NotLoaded => "not loaded then",
            Self::Unknown => "unknown whether loaded then",
        }
    }

    /// By the report's list of modules; if it has none, by the region's source.
    pub(super) fn at_report(report: &Report, region: &KnownRegion) -> Self {
        if let Some(modules) = &report.context.modules {
            return match modules.iter().find(|module| module.name == region.header.owner) {
                None => Self::NotLoaded,
                Some(module) if module.flags.contains('+') => Self::Loading,
                Some(module) if module.flags.contains('-') => Self::Unloading,
                Some(_) => Self::Loaded,
            };
        }
        match region.owner_loaded {
            Some(true) => Self::Loaded,
            Some(false) => Self::NotLoaded,
            None => Self::Unknown,
        }
    }
}
