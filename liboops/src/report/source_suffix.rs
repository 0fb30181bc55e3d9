// SPDX-License-Identifier: MIT OR Apache-2.0
//! Source lines that somebody has put into a log: the kernel itself, `decode_stacktrace.sh`, syzkaller.
//!
//! | by | form |
//! |---|---|
//! | the kernel, `CONFIG_KALLSYMS_LINEINFO` | `f+0x1/0x2 (file.c:12)` |
//! | `decode_stacktrace.sh` | `f (file.h:3 file.c:12 (discriminator 4))` |
//! | syzkaller | `f+0x1/0x2 dir/file.c:12`, `f dir/file.c:12 [inline]` |

use memchr::memmem;

use super::place::Place;
use crate::cursor::{Cursor, is_blank, text};

/// More bytes than such a list has.
const MAX_LIST_BYTES: usize = 2048;
/// Names of files with source code end like this.
const ENDS: [&[u8]; 6] = [b".c", b".h", b".S", b".rs", b".cpp", b".inc"];

/// Reads the source lines behind a place. The cursor does not move if there are none.
pub(super) fn read(cursor: &mut Cursor<'_>, place: &mut Place) {
    let mut ahead = *cursor;
    if ahead.blanks() == 0 {
        return;
    }
    let list = if ahead.eat(b"(") {
        let rest = ahead.rest();
        let Some(length) = closing(rest) else { return };
        let list = rest.get(..length).unwrap_or_default();
        ahead.skip(length.saturating_add(1));
        list
    } else {
        // ARM's traces have the whole in parentheses.
        ahead.take_while(|byte| !is_blank(byte) && byte != b')')
    };
    if list.is_empty() || !list.split(|&byte| is_blank(byte)).next().is_some_and(is_line) {
        return;
    }
    place.source = Some(text(list));
    *cursor = ahead;
}

/// The length of a text up to the bracket that closes it.
fn closing(text: &[u8]) -> Option<usize> {
    let mut depth = 1_u32;
    text.iter().take(MAX_LIST_BYTES).position(|byte| {
        match byte {
            b'(' => depth = depth.saturating_add(1),
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// `dir/file.c:12`, `file.c:?`
fn is_line(word: &[u8]) -> bool {
    let Some(colon) = memchr::memrchr(b':', word) else { return false };
    let (file, line) = word.split_at_checked(colon).unwrap_or_default();
    let line = line.get(1..).unwrap_or_default();
    let is_number = !line.is_empty() && line.iter().all(|byte| byte.is_ascii_digit() || *byte == b'?');
    is_number && ENDS.iter().any(|end| file.ends_with(end))
}

/// Where in a text a name stands that has source lines behind it in place of an offset.
pub(super) fn name(body: &[u8]) -> Option<std::ops::Range<usize>> {
    // Most lines have none.
    memmem::find(body, b".c:")
        .or_else(|| memmem::find(body, b".h:"))
        .or_else(|| memmem::find(body, b".rs:"))?;
    let mut from = 0;
    while let Some(rest) = body.get(from..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.iter().take_while(|&&byte| is_blank(byte)).count();
        let start = from.saturating_add(blanks);
        let word = body.get(start..)?;
        let end = start.saturating_add(word.iter().take_while(|&&byte| !is_blank(byte)).count());
        // `0010:f` is the instruction pointer.
        let own = body.get(start..end)?;
        let before: [&[u8]; 3] = [b"0010:", b"0060:", b"("];
        let name = before.iter().find_map(|before| own.strip_prefix(*before)).unwrap_or(own);
        let is_name = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte));
        let mut behind = Cursor::at(body, end);
        let mut place = Place::default();
        if is_name {
            read(&mut behind, &mut place);
        }
        // Only inlined functions have neither an offset nor brackets.
        let is_bracketed = body.get(end..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"("));
        let is_inlined = || behind.rest().trim_ascii_start().starts_with(b"[inline]");
        if place.source.is_some() && (is_bracketed || is_inlined()) {
            return Some(end.saturating_sub(name.len())..end);
        }
        from = end.max(from.saturating_add(1));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Option<String> {
        let mut place = Place::default();
        read(&mut Cursor::new(text.as_bytes()), &mut place);
        place.source
    }

    #[test]
    fn forms_of_source_lines() {
        assert_eq!(source(" (file.c:12)").as_deref(), Some("file.c:12"));
        assert_eq!(source(" (mm/a.h:3 mm/b.c:12) ext4").as_deref(), Some("mm/a.h:3 mm/b.c:12"));
        let discriminator = " (mm/b.c:12 (discriminator 4)) [ext4]";
        assert_eq!(source(discriminator).as_deref(), Some("mm/b.c:12 (discriminator 4)"));
        assert_eq!(source(" mm/b.c:12 [inline]").as_deref(), Some("mm/b.c:12"));
        for other in [" (unreliable)", " (P)", " [ext4]", " (file.c)", " file.c:x", "", " (file.c:12"] {
            assert_eq!(source(other), None, "{other}");
        }
    }

    #[test]
    fn names_without_an_offset() {
        let found = |text: &'static str| name(text.as_bytes()).map(|range| &text[range]);
        assert_eq!(found(" ? dump_stack_lvl (lib/dump_stack.c:107)"), Some("dump_stack_lvl"));
        assert_eq!(found("RIP: 0010:f (a.c:12 b.h:3) ext4"), Some("f"));
        assert_eq!(found(" __dump_stack lib/dump_stack.c:94 [inline]"), Some("__dump_stack"));
        for other in
            ["kernel BUG at mm/page_alloc.c:3112!", "WARNING: at mm/a.c:12", "inlined at mm/a.c:12 twice"]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
