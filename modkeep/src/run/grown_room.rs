// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether an init function that failed has used the room that a variable grew into. If so, the keeper that
//! says how far the variable reaches has to stay: a later version would take the room for free.

use libmodfmt::persist::{Grown, KeptMemory};
use libmodsys::Kernel;

use crate::keeper_left::KeeperLeft;
use crate::region::{Region, RegionMemory};

/// Looks at the room of what the keeper says has grown. `None` if it is as empty as before.
pub(super) fn used(kernel: &dyn Kernel, region: &Region, keeper: &str) -> Option<KeeperLeft> {
    let said = Region::of_keeper(kernel, keeper).ok().flatten()?;
    let grown = said.header.grown.iter().find(|grown| is_used(kernel, region, grown))?;
    let header = region.headers().into_iter().find(|header| header.generation == grown.place.generation);
    let unit = header.and_then(|header| header.unit(grown.place.ordinal));
    let variable = unit.and_then(|unit| unit.variables.iter().find(|own| own.offset == grown.place.offset));
    let variable = variable.map_or_else(|| "a variable".to_owned(), ToString::to_string);
    Some(KeeperLeft::Grown { keeper: keeper.to_owned(), variable })
}

/// Whether what lies behind the size that the variable had before is in use, as far as that can be seen.
fn is_used(kernel: &dyn Kernel, region: &Region, grown: &Grown) -> bool {
    let headers = region.headers();
    let sizes = headers.iter().flat_map(|header| &header.grown);
    let earlier = sizes.filter(|other| other.place == grown.place).map(|other| other.size).max();
    let first =
        headers.iter().find(|header| header.generation == grown.place.generation).and_then(|header| {
            let unit = header.unit(grown.place.ordinal)?;
            unit.variables.iter().find(|own| own.offset == grown.place.offset)
        });
    let before = earlier.max(first.map(|variable| variable.size)).unwrap_or_default();
    let memory = RegionMemory { kernel, region: Some(region), kernel_btf: None };
    match grown.size.checked_sub(before) {
        // New fields lie in its padding, or it has other values now.
        None | Some(0) => true,
        Some(_) => match memory.read(grown.place, grown.size) {
            Ok(bytes) => {
                let rest = usize::try_from(before).ok().and_then(|before| bytes.get(before..));
                rest.unwrap_or_default().iter().any(|byte| *byte != 0)
            }
            Err(_) => true,
        },
    }
}
