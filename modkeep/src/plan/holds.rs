// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a plan that was made while the owner was loaded still holds once it is not.
//!
//! A reload plans before it unloads anything, so that the module is away for as short as possible.

use libmodfmt::convert::Reason;
use libmodfmt::persist::{Difference, Fate};
use libmodsys::Kernel;

use super::outcome::Plan;
use crate::error::KeepError;
use crate::region::{Generation, Region};

impl Plan {
    /// Whether the kernel still keeps what this was planned for, and no value that its owner may have written
    /// since decides anything. If not, plan again.
    #[must_use]
    pub fn still_holds(&self, kernel: &dyn Kernel) -> bool {
        let (owner, planned) = match self {
            Self::Keeper { owner, region, account, .. } => {
                if !account.variables.iter().all(|own| matches!(own.fate, Fate::Bound { .. } | Fate::New)) {
                    return false;
                }
                (owner, region)
            }
            Self::Extended { owner, region, .. } => (owner, region),
            Self::Plain { .. } | Self::Drop { .. } | Self::Bound { .. } => return false,
        };
        match (Region::find(kernel, owner), planned) {
            (Ok(None), None) => true,
            (Ok(Some(found)), Some(planned)) => is_same(&found, planned),
            _ => false,
        }
    }
}

/// Who uses it may differ.
fn is_same(found: &Region, planned: &Region) -> bool {
    let data = |generation: &Generation| {
        let Generation { header, addresses, kept_by, .. } = generation;
        // What an extended kernel does not know of its blocks is taken from the file that is planned for.
        let known = kept_by.keeper().map(|_| (header.build_id.clone(), header.layout_hash()));
        (header.generation, known, addresses.clone(), kept_by.clone())
    };
    let all = |generations: &[Generation]| generations.iter().map(data).collect::<Vec<_>>();
    all(&found.generations) == all(&planned.generations)
        && all(&found.stale) == all(&planned.stale)
        && found.pending == planned.pending
}

impl KeepError {
    /// Whether it is about nothing but the use that the loaded owner makes of its data, such as a timer that
    /// is pending: once its exit function has run, the load may well be possible.
    #[must_use]
    pub fn may_end_with_exit(&self) -> bool {
        let may_end = |difference: &Difference| match difference {
            Difference::PointedTo { .. } => true,
            Difference::Conversion { refusal, .. } => matches!(refusal.reason, Reason::InUse { .. }),
            _ => false,
        };
        match self {
            Self::LayoutDiffers { differences, .. } => {
                !differences.is_empty() && differences.iter().all(may_end)
            }
            _ => false,
        }
    }
}
