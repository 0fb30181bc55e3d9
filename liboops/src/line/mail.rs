// SPDX-License-Identifier: MIT OR Apache-2.0
//! Quotation marks of mails: `> > `. Tags of a web page: `<pre>`.

use crate::cursor::Cursor;

/// Reads a quotation mark and the blank after it, if there is one. `>ffff...:` of a memory dump is not a
/// quotation.
pub(super) fn quote(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let known = ahead.eat(b">") && !is_dump_row(ahead) && !is_ksymoops(*cursor);
    if known {
        ahead.eat(b" ");
        *cursor = ahead;
    }
    known
}

/// Reads a tag that a web page has around a log or before a line: `<pre>`, `<br/>`. Labels of stacks, such as
/// `<TASK>`, have capital letters.
pub(super) fn tag(cursor: &mut Cursor<'_>) -> bool {
    const NAMES: [&[u8]; 7] = [b"pre", b"code", b"tt", b"p", b"br", b"div", b"span"];
    let mut ahead = *cursor;
    ahead.skip(1);
    ahead.eat(b"/");
    let name = ahead.take_while(|byte| byte.is_ascii_lowercase());
    let attributes = ahead.take_while(|byte| byte != b'>' && byte != b'<');
    let is_tag = NAMES.contains(&name) && matches!(attributes.first(), None | Some(b' ' | b'/'));
    let known = is_tag && ahead.eat(b">");
    if known {
        *cursor = ahead;
    }
    known
}

/// `>>EIP; c026cd54 `, of ksymoops's classic output
fn is_ksymoops(mut cursor: Cursor<'_>) -> bool {
    cursor.eat(b">>")
        && !cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'?').is_empty()
        && cursor.eat(b"; ")
        && cursor.hex().is_some_and(|(_, digits)| digits >= 8)
}

/// `ffff888107a3c000: fb fb`
fn is_dump_row(mut cursor: Cursor<'_>) -> bool {
    cursor.hex().is_some_and(|(_, digits)| digits >= 8) && cursor.peek() == Some(b':')
}
