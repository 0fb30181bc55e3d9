// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a module's debug information says of its persistent variables.

use libmodfmt::module::Module;
use libmodfmt::persist::DebugFact;

/// Nothing where there is no debug information, or none that can be read: it only refines.
pub(crate) fn of(_module: &Module<'_>) -> Vec<DebugFact> {
    Vec::new()
}
