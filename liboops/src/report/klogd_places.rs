// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places in the forms of Linux 2.4: klogd's, and those of Red Hat's kernels.
//!
//! | form | who writes it |
//! |---|---|
//! | `[schedule+324/352]`, `[:module:function+12/99]`, decimal | klogd, in place of `[<c0112345>]` |
//! | `[<c0112345>]` in between | klogd, where it knows no symbol |
//! | `[<c0112345>] schedule [kernel] 0x144 (0xcced9fc0))` | Red Hat's 2.4; the stack pointer may be missing |

use memchr::memmem;

use super::place::{Found, Place, address};
use super::span::Hex;
use crate::cursor::{Cursor, hex, is_blank, text};
use crate::message::Message;

/// Klogd's place whose `+` is at this position. `least` is where the last place ended.
pub(super) fn at(message: &Message<'_>, plus: usize, least: usize) -> Option<Found> {
    let before = message.text.get(least..plus)?;
    let open = memchr::memrchr(b'[', before)?;
    let name = before.get(open.saturating_add(1)..)?;
    if name.iter().any(|&byte| is_blank(byte) || matches!(byte, b'<' | b'>' | b']')) {
        return None;
    }
    let mut parts = name.split(|&byte| byte == b':').filter(|part| !part.is_empty()).rev();
    let symbol = parts.next().filter(|symbol| !symbol.first().is_some_and(u8::is_ascii_digit))?;
    let module = parts.next().map(text);
    let mut cursor = Cursor::at(message.text, plus.saturating_add(1));
    let offset = cursor.decimal()?;
    let size = if cursor.eat(b"/") { cursor.decimal()? } else { return None };
    if parts.next().is_some() || !cursor.eat(b"]") {
        return None;
    }
    let (start, end) = (least.saturating_add(open), cursor.position());
    let span = message.span(start..end);
    let symbol = Some(text(symbol));
    let place = Place { span, symbol, offset, size: Some(size), module, ..Place::default() };
    Some(Found { place, start, end })
}

/// Adds the addresses that klogd left as they were to the places that it named in the same line.
pub(super) fn add_addresses(message: &Message<'_>, found: &mut Vec<Found>) {
    let known: Vec<_> = found.iter().map(|one| one.start..one.end).collect();
    for start in memmem::find_iter(message.text, b"[<") {
        let mut cursor = Cursor::at(message.text, start.saturating_add(2));
        let Some((value, digits @ (8 | 16))) = cursor.hex() else { continue };
        let is_known = known.iter().any(|range| range.contains(&start));
        if !is_known
            && cursor.eat(b">]")
            && let Some(address) = address(value, digits)
        {
            let end = cursor.position();
            let span = message.span(start..end);
            let place = Place { span, address: Some(address), ..Place::default() };
            found.push(Found { place, start, end });
        }
    }
    found.sort_by_key(|one| one.start);
}

/// The places that a line of Red Hat's kernels names.
pub(super) fn of_red_hat(message: &Message<'_>) -> Vec<Found> {
    let body = message.text;
    let mut found: Vec<Found> = Vec::new();
    for close in memmem::find_iter(body, b"] 0x") {
        let least = found.last().map_or(0, |last| last.end);
        found.extend(behind_name(message, close, least));
    }
    found
}

/// The one whose `] 0x` is at this position.
fn behind_name(message: &Message<'_>, close: usize, least: usize) -> Option<Found> {
    let body = message.text;
    let before = body.get(least..close)?;
    let open = memchr::memrchr(b'[', before)?;
    let module = before.get(open.saturating_add(1)..)?;
    let is_module = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let before = before.get(..open)?.strip_suffix(b" ")?;
    let in_symbol = |&&byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let symbol =
        before.get(before.len().saturating_sub(before.iter().rev().take_while(in_symbol).count())..)?;
    if module.is_empty() || !module.iter().all(is_module) || symbol.first().is_none_or(u8::is_ascii_digit) {
        return None;
    }
    let mut cursor = Cursor::at(body, close.saturating_add(4));
    let (offset, _) = cursor.hex()?;
    let end = cursor.position();
    if cursor.peek().is_some_and(|byte| !is_blank(byte)) {
        return None;
    }
    let before = before.get(..before.len().saturating_sub(symbol.len()))?;
    let (address, address_bytes) = address_before(before);
    let start = least.saturating_add(before.len()).saturating_sub(address_bytes);
    let place = Place {
        span: message.span(start..end),
        address,
        symbol: Some(text(symbol)),
        offset,
        module: Some(text(module)).filter(|module| module != "kernel"),
        ..Place::default()
    };
    Some(Found { place, start, end })
}

/// The address at the end of a text, `[<c0112345>] `, and how many bytes it has.
fn address_before(text: &[u8]) -> (Option<Hex>, usize) {
    let read = || {
        let inner = text.strip_suffix(b">] ")?;
        let open = memmem::rfind(inner, b"[<")?;
        let digits = inner.get(open.saturating_add(2)..)?;
        let value = hex(digits).filter(|_| matches!(digits.len(), 8 | 16))?;
        Some((address(value, digits.len()), text.len().saturating_sub(open)))
    };
    read().unwrap_or((None, 0))
}

#[cfg(test)]
mod tests {
    use crate::report::{Place, places};

    /// Address, symbol, offset, size, module.
    fn read(line: &str) -> Vec<String> {
        let shown = |place: Place| {
            let address = place.address.map(|address| format!("{:x} ", address.0)).unwrap_or_default();
            let size = place.size.map(|size| format!("/{size}")).unwrap_or_default();
            let module = place.module.map(|module| format!(" [{module}]")).unwrap_or_default();
            let symbol = place.symbol.map(|symbol| format!("{symbol}+{}", place.offset)).unwrap_or_default();
            format!("{address}{symbol}{size}{module}")
        };
        places(line.as_bytes()).into_iter().map(shown).collect()
    }

    #[test]
    fn of_klogd() {
        assert_eq!(
            read("   [sys_delete_module+306/608] [<e107c000>] [system_call+51/56] "),
            ["sys_delete_module+306/608", "e107c000 ", "system_call+51/56"]
        );
        assert_eq!(read("EIP:    0010:[:usb-uhci:uhci_irq+12/340]"), ["uhci_irq+12/340 [usb-uhci]"]);
        assert_eq!(
            read("[3c509:__insmod_3c509_O/lib/modules/2.4.0/drivers/ne+72/96] [f+1/2]"),
            ["__insmod_3c509_O/lib/modules/2.4.0/drivers/ne+72/96 [3c509]", "f+1/2"]
        );
        assert_eq!(read("[a b+1/2] [f+1-2]"), Vec::<String>::new());
    }

    #[test]
    fn of_red_hat() {
        assert_eq!(
            read("Call Trace:   [<c0129e71>] do_munmap [kernel] 0x201 (0xd6c41f64))"),
            ["c0129e71 do_munmap+513"]
        );
        assert_eq!(read("[<e0812e71>] foo_open [foo-bar] 0x21"), ["e0812e71 foo_open+33 [foo-bar]"]);
        assert_eq!(
            read("[<c0129e71>] a [kernel] 0x1 [<c0129e72>] b [foo] 0x2"),
            ["c0129e71 a+1", "c0129e72 b+2 [foo]"]
        );
        assert_eq!(read("EIP is at victim [foo] 0x5 (2.4.20-8)"), ["victim+5 [foo]"]);
        for line in ["mem [foo] 0xnone", "[mem 0x1-0x2] 0x5", "pci 0000:00 [8086] 0x5z", "3c59x [foo] 0x5"] {
            assert_eq!(read(line), Vec::<String>::new(), "{line}");
        }
    }
}
