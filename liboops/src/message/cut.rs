// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that a pager cut at the margin: journalctl's pager marks them with `>`, journalctl itself with an
//! ellipsis. `Modules linked in: snd_hrtimer rfcomm xt_>`

use crate::cursor::is_blank;

/// How such marks are written.
const MARKS: [&[u8]; 2] = [b">", b"\xe2\x80\xa6"];

/// The length of a message without the word that was cut, if the message ends in such a mark. What is left of
/// the word would be taken for the name of another module, or for another number.
pub(super) fn without_cut_word(message: &[u8]) -> Option<usize> {
    let rest = MARKS.iter().find_map(|mark| message.strip_suffix(*mark))?;
    let blank = rest.iter().rposition(|&byte| is_blank(byte));
    let start = blank.map_or(0, |at| at.saturating_add(1));
    let word = rest.get(start..)?;
    // `<TASK>`, `[<c0112345>`, `-->`, `f+0x1>`
    let is_other = word.is_empty() || word.contains(&b'<') || word.ends_with(b"-") || word.ends_with(b"=");
    if is_other || start == 0 {
        return None;
    }
    // Only the size of a function was cut.
    let size = memchr::memmem::find(word, b"/0x").filter(|_| memchr::memmem::find(word, b"+0x").is_some());
    if let Some(size) = size {
        return Some(start.saturating_add(size));
    }
    let kept = message.get(..start)?;
    Some(kept.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(message: &str) -> Option<&str> {
        without_cut_word(message.as_bytes()).map(|length| &message[..length])
    }

    #[test]
    fn the_word_at_the_margin_is_left_out() {
        assert_eq!(kept("Modules linked in: rfcomm xt_>"), Some("Modules linked in: rfcomm"));
        assert_eq!(kept("Modules linked in: rfcomm xt_…"), Some("Modules linked in: rfcomm"));
        assert_eq!(
            kept("CPU: 0 PID: 7 Comm: cat Not tainted 6.1.0-9>"),
            Some("CPU: 0 PID: 7 Comm: cat Not tainted")
        );
        assert_eq!(kept("RIP: 0010:nvidia_vma_access+0x1b/0x3>"), Some("RIP: 0010:nvidia_vma_access+0x1b"));
        assert_eq!(kept("RAX: 0000000000000000 RBX: ffff88>"), Some("RAX: 0000000000000000 RBX:"));
    }

    #[test]
    fn marks_of_the_kernel_are_no_margin() {
        for message in ["Code: 48 8b <48>", " <TASK>", " </IRQ>", "&a --> &b -->", "[<c0112345>]", "x>", ""] {
            assert_eq!(kept(message), None, "{message}");
        }
    }
}
