// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows of a table with quotation marks: `"2024-05-01 10:00:00","host","kernel: BUG: ..."`. The message is
//! the last field.

use super::prefix::Prefix;
use crate::cursor::Cursor;

/// Reads a field that is not the last one, or the quotation mark that the last one begins with. The row must
/// end in a quotation mark.
pub(super) fn field(cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
    let mut ahead = *cursor;
    if !ahead.rest().ends_with(b"\"") {
        return false;
    }
    ahead.skip(1);
    ahead.take_while(|byte| byte != b'"');
    let inner = ahead.eat(b"\",");
    if inner {
        prefix.is_quoted = true;
        *cursor = ahead;
    } else if prefix.is_quoted {
        cursor.skip(1);
    }
    inner || prefix.is_quoted
}
