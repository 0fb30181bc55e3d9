// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a record of `/dev/kmsg` and of the extended network console: `6,416,1758426,-,caller=T104;`.

use std::ops::Range;

use super::pattern::Begins::Digit;
use super::pattern::Pattern;
use super::prefix::{Fragment, Prefix};
use super::printk;
use crate::cursor::Cursor;

pub(super) const RECORD: Pattern = Pattern {
    name: "/dev/kmsg",
    example: "6.1.0-99-amd64,6,416,1758426,-,caller=T104;",
    begins: &[Digit],
    // The network console may put the kernel's release first.
    regex: r"\A(?:[A-Za-z0-9._+~-]*\.[A-Za-z0-9._+~-]*,)?[0-9]+,[0-9]+,(?P<time_us>[0-9]+),(?P<fields>[^; ]*);",
    then_program: false,
    within_log: false,
};

/// Reads the fields of a header: the text of the header's field list, with `start` as the beginning of the
/// header and `at` as that of the list, both in the line. `end` is where the header ends.
pub(super) fn fields(fields: &[u8], start: usize, at: usize, end: usize, prefix: &mut Prefix) {
    let mut at = at;
    for field in fields.split(|&byte| byte == b',') {
        if let Some(id) = field.strip_prefix(b"caller=") {
            prefix.caller = printk::caller_id(&mut Cursor::new(id)).or(prefix.caller);
        }
        if let Some(place) = field.strip_prefix(b"ncfrag=") {
            prefix.fragment = fragment(place, start..at, end);
        }
        at = at.saturating_add(field.len()).saturating_add(1);
    }
}

/// `0/40`: offset and length of the message.
fn fragment(place: &[u8], label: Range<usize>, start: usize) -> Option<Fragment> {
    let mut cursor = Cursor::new(place);
    let offset = usize::try_from(cursor.decimal()?).ok()?;
    let total = cursor.eat(b"/").then(|| cursor.decimal())??;
    Some(Fragment { label, offset, total: usize::try_from(total).ok()?, start })
}
