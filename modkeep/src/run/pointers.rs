// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether kept data points into a keeper: an init function that failed may have linked new variables into
//! kept lists.
//!
//! The words of all kept units are searched for addresses in the keeper. What other memory points there is
//! not seen.

use std::ops::Range;

use libmodsys::Kernel;

use crate::keeper_left::KeeperLeft;
use crate::region::{Generation, Region};

/// Bytes that are read at once.
const PIECE_BYTES: u64 = 64 << 10;

/// Looks for a pointer into `keeper` in the generations that were there before. `None` if there is none.
pub(super) fn into_keeper(kernel: &dyn Kernel, region: &Region, keeper: &str) -> Option<KeeperLeft> {
    let not_searched = |why: String| Some(KeeperLeft::NotSearched { keeper: keeper.to_owned(), why });
    let new = match Region::of_keeper(kernel, keeper) {
        Ok(Some(generation)) => generation,
        Ok(None) => return not_searched("its header cannot be read".to_owned()),
        Err(error) => return not_searched(error.to_string()),
    };
    let mut ranges = Vec::new();
    for (unit, address) in new.units() {
        let Some(start) = address.known() else {
            return not_searched("the kernel does not show addresses".to_owned());
        };
        ranges.push(start..start.saturating_add(unit.room));
    }
    // It may only say what variables have grown to.
    let searched = if ranges.is_empty() { &[] } else { &*region.generations };
    for generation in searched {
        match search(kernel, generation, &ranges) {
            Ok(None) => {}
            Ok(Some(from)) => {
                return Some(KeeperLeft::PointedTo { keeper: keeper.to_owned(), from });
            }
            Err(why) => return not_searched(why),
        }
    }
    None
}

/// The first place in a generation that points into one of the ranges.
fn search(
    kernel: &dyn Kernel,
    generation: &Generation,
    ranges: &[Range<u64>],
) -> Result<Option<String>, String> {
    for (unit, address) in generation.units() {
        let Some(start) = address.known() else {
            return Err("the kernel does not show addresses".to_owned());
        };
        let mut offset = 0;
        while offset < unit.room {
            let size = PIECE_BYTES.min(unit.room.saturating_sub(offset));
            let length = usize::try_from(size).unwrap_or_default();
            let bytes = kernel
                .read_memory(start.saturating_add(offset), length)
                .map_err(|error| error.to_string())?;
            let words = bytes.as_chunks::<{ size_of::<usize>() }>().0.iter();
            let found = words
                .map(|word| usize::from_ne_bytes(*word) as u64)
                .position(|word| ranges.iter().any(|range| range.contains(&word)));
            if let Some(index) = found {
                let at = offset.saturating_add((index as u64).saturating_mul(size_of::<usize>() as u64));
                let variable = unit.variables.iter().rev().find(|variable| variable.offset <= at);
                return Ok(Some(match variable {
                    Some(variable) => variable.to_string(),
                    None => format!("{}+{at:#x}", unit.section),
                }));
            }
            offset = offset.saturating_add(size);
        }
    }
    Ok(None)
}
