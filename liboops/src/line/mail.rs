// SPDX-License-Identifier: MIT OR Apache-2.0
//! Quotation marks of mails: `> > `.

use crate::cursor::Cursor;

/// Reads a quotation mark and the blank after it, if there is one. `>ffff...:` of a memory dump is not a
/// quotation.
pub(super) fn quote(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let known = ahead.eat(b">") && !is_dump_row(ahead);
    if known {
        ahead.eat(b" ");
        *cursor = ahead;
    }
    known
}

/// `ffff888107a3c000: fb fb`
fn is_dump_row(mut cursor: Cursor<'_>) -> bool {
    cursor.hex().is_some_and(|(_, digits)| digits >= 8) && cursor.peek() == Some(b':')
}
