// SPDX-License-Identifier: MIT OR Apache-2.0
//! Directories that several crates share. `modrecord::paths` lists these with all others.

/// Locks, one for each owner, and below it what is remembered until the next boot. For root alone.
pub const RUN_DIRECTORY: &str = "/run/modpersist";

/// Installed modules, one directory for each kernel release.
pub const MODULES_DIRECTORY: &str = "/lib/modules";
