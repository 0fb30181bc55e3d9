// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that are in a log twice.
//!
//! `klogd -2` writes each line twice: as the kernel wrote it, and with names in place of addresses, in either
//! order. If a more urgent writer interrupts a message, the kernel prints that message again, after a line
//! that says so.

use std::ops::Range;

use crate::cursor::Cursor;

/// What the kernel (since 6.10) prints before a message that it prints again.
const REPLAY: &[u8] = b"** replaying previous printk message **";

/// Whether all that a message says is that the one before it is printed again.
pub(super) fn is_replay(body: &[u8]) -> bool {
    body.trim_ascii_start() == REPLAY
}

/// The message that was interrupted, if those words follow in its own line.
pub(super) fn cut_before_replay(body: &[u8]) -> Option<&[u8]> {
    body.strip_suffix(REPLAY).filter(|cut| !cut.is_empty())
}

/// What one of klogd's two lines has for an address.
enum Bracket<'t> {
    /// `[<c0112345>]`
    Address(&'t [u8]),
    /// `[schedule+324/352]`, `[:module:function+324/352]`
    Name { module: Option<&'t [u8]>, symbol: &'t [u8], offset: u64, size: u64 },
}

/// The replacements that make the first of two lines say all that both say. `None` if they are not klogd's
/// two forms of one line.
pub(super) fn merged(first: &[u8], second: &[u8]) -> Option<Vec<(Range<usize>, Vec<u8>)>> {
    let (mut one, mut other) = (Cursor::new(first), Cursor::new(second));
    let mut merged = Vec::new();
    while let (Some(byte), Some(twin)) = (one.peek(), other.peek()) {
        if byte != twin {
            return None;
        }
        let start = one.position();
        if byte == b'['
            && let (Some(own), Some(its)) = (bracket(&mut one), bracket(&mut other))
        {
            let text = match (own, its) {
                (Bracket::Address(address), Bracket::Name { module, symbol, offset, size })
                | (Bracket::Name { module, symbol, offset, size }, Bracket::Address(address)) => {
                    modern(address, module, symbol, offset, size)
                }
                _ => continue,
            };
            merged.push((start..one.position(), text));
            continue;
        }
        one = Cursor::at(first, start.saturating_add(1));
        other.skip(1);
    }
    (one.is_at_end() && other.is_at_end() && !merged.is_empty()).then_some(merged)
}

/// Reads a bracket of klogd's. The cursor does not move if it is another bracket.
fn bracket<'t>(cursor: &mut Cursor<'t>) -> Option<Bracket<'t>> {
    let mut ahead = *cursor;
    let found = if ahead.eat(b"[<") {
        let address = ahead.take_while(|byte| byte.is_ascii_hexdigit());
        (address.len() >= 8 && ahead.eat(b">]")).then_some(Bracket::Address(address))
    } else {
        ahead.skip(1);
        let name = ahead.take_while(|byte| !matches!(byte, b'+' | b']' | b' '));
        ahead.eat(b"+").then_some(())?;
        let offset = ahead.decimal()?;
        ahead.eat(b"/").then_some(())?;
        let size = ahead.decimal()?;
        let parts: Vec<&[u8]> = name.split(|&byte| byte == b':').filter(|part| !part.is_empty()).collect();
        let (module, symbol) = match parts.as_slice() {
            [symbol] => (None, *symbol),
            [module, symbol] => (Some(*module), *symbol),
            _ => return None,
        };
        ahead.eat(b"]").then_some(Bracket::Name { module, symbol, offset, size })
    };
    if found.is_some() {
        *cursor = ahead;
    }
    found
}

/// Address and name in the form of later kernels: `[<c0112345>] schedule+0x144/0x160 [module]`
fn modern(address: &[u8], module: Option<&[u8]>, symbol: &[u8], offset: u64, size: u64) -> Vec<u8> {
    let mut text = [b"[<", address, b">] ", symbol, format!("+{offset:#x}/{size:#x}").as_bytes()].concat();
    if let Some(module) = module {
        text.extend([b" [", module, b"]"].concat());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(first: &str, second: &str) -> Option<String> {
        let mut text = first.as_bytes().to_vec();
        for (range, bytes) in merged(first.as_bytes(), second.as_bytes())?.into_iter().rev() {
            text.splice(range, bytes);
        }
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn lines_of_klogd_in_either_order() {
        let raw = "Call Trace: [<c0112345>] [<c8801234>] [<c0109000>] ";
        let named = "Call Trace: [schedule+324/352] [:nfsd:nfsd_svc+16/32] [kernel_thread+40/56] ";
        let whole = "Call Trace: [<c0112345>] schedule+0x144/0x160 [<c8801234>] nfsd_svc+0x10/0x20 [nfsd] [<c0109000>] kernel_thread+0x28/0x38 ";
        assert_eq!(join(raw, named).as_deref(), Some(whole));
        assert_eq!(join(named, raw).as_deref(), Some(whole));
        // An address without a name stays.
        let (raw, named) = ("[<c0112345>] [<c0109000>]", "[<c0112345>] [kernel_thread+40/56]");
        assert_eq!(join(raw, named).as_deref(), Some("[<c0112345>] [<c0109000>] kernel_thread+0x28/0x38"));
    }

    #[test]
    fn other_lines() {
        let raw = "EIP:    0010:[<c0112345>]    Not tainted";
        for other in [
            raw,
            "EIP:    0010:[schedule+324/352]",
            "EIP:    0010:[schedule+324/352]    Tainted: P",
            "EIP:    0010:[schedule]    Not tainted",
            "EIP:    0010:[<c0112346>]    Not tainted",
            "",
        ] {
            assert_eq!(join(raw, other), None, "{other}");
        }
    }

    #[test]
    fn words_of_the_kernel_on_a_message_printed_again() {
        assert!(is_replay(b" ** replaying previous printk message **"));
        assert!(!is_replay(b"x ** replaying previous printk message **"));
        assert_eq!(
            cut_before_replay(b"RIP: 00** replaying previous printk message **"),
            Some(&b"RIP: 00"[..])
        );
        assert_eq!(cut_before_replay(REPLAY), None);
    }
}
