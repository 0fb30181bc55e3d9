// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thumb code of 32-bit ARM.

use crate::report::Place;

/// Bit 0 of a return address says that the caller is Thumb code, and is no part of the address.
pub(super) fn without_thumb_bit(mut place: Place) -> Place {
    place.offset &= !1;
    if place.symbol.is_some()
        && let Some(address) = &mut place.address
    {
        address.0 &= !1;
    }
    place
}
