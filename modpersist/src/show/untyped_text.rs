// SPDX-License-Identifier: MIT OR Apache-2.0
//! The content of a variable as text, as far as the name of its type says how to read it.

use crate::hex;

/// Longer contents are cut here, in bytes.
const MAX_SHOWN_BYTES: usize = 32;

/// The text for `bytes` in this machine's byte order. `type_name` is the type in C, if it is known.
pub(crate) fn text(bytes: &[u8], type_name: Option<&str>) -> String {
    let type_name = type_name.unwrap_or_default();
    if type_name.starts_with("char [") || type_name.starts_with("char[") {
        return string(bytes);
    }
    let type_name = unqualified(type_name);
    let type_name = type_name.as_str();
    let pointer = type_name.ends_with('*') || type_name.contains("(*");
    let aggregate = !pointer
        && (type_name.contains(['[', '{'])
            || ["struct ", "union "].iter().any(|word| type_name.starts_with(word)));
    if let (true, Some(unsigned)) = (pointer || !aggregate, number(bytes)) {
        if pointer {
            return format!("{unsigned:#x}");
        }
        if type_name == "bool" || type_name == "_Bool" {
            return (unsigned != 0).to_string();
        }
        let shift = 64_u32.saturating_sub(u32::try_from(bytes.len()).unwrap_or(8).saturating_mul(8));
        let signed = (unsigned << shift).cast_signed() >> shift;
        return match (sign(type_name), signed >= 0) {
            // If the name does not say, both readings are shown.
            (None, true) if type_name.is_empty() => format!("{unsigned} ({unsigned:#x})"),
            (None, false) => format!("{signed} ({unsigned:#x})"),
            (Some(Sign::Unsigned), _) | (_, true) => unsigned.to_string(),
            (Some(Sign::Signed), false) => signed.to_string(),
        };
    }
    dump(bytes)
}

enum Sign {
    Signed,
    Unsigned,
}

/// Whether this type is signed, as far as its name says: a driver's own typedef says nothing.
fn sign(type_name: &str) -> Option<Sign> {
    const SIGNED: [&str; 12] =
        ["char", "short", "int", "long", "long long", "signed", "s8", "s16", "s32", "s64", "ssize_t", "bool"];
    const UNSIGNED: [&str; 10] =
        ["u8", "u16", "u32", "u64", "size_t", "ulong", "uint", "ushort", "uintptr_t", "gfp_t"];
    let own = |prefix: &str| {
        type_name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    if type_name.contains("unsigned")
        || UNSIGNED.contains(&type_name)
        || ["uint", "__u", "__le", "__be"].into_iter().any(own)
        || type_name.ends_with("_addr_t")
    {
        return Some(Sign::Unsigned);
    }
    let word = type_name.strip_suffix(" int").unwrap_or(type_name);
    let is_signed = SIGNED.contains(&word)
        || ["int", "__s"].into_iter().any(own)
        || type_name.starts_with("signed ")
        || type_name.starts_with("enum ");
    is_signed.then_some(Sign::Signed)
}

/// The type without its own `const` and `volatile`; those of what it points to stay.
fn unqualified(type_name: &str) -> String {
    let is_qualifier = |word: &&str| !matches!(*word, "const" | "volatile");
    if type_name.contains('*') {
        return type_name
            .trim_end_matches(" const")
            .trim_end_matches("const")
            .trim_end_matches("volatile")
            .trim()
            .to_owned();
    }
    type_name.split(' ').filter(is_qualifier).collect::<Vec<_>>().join(" ")
}

fn number(bytes: &[u8]) -> Option<u64> {
    Some(match bytes.len() {
        1 => u64::from(u8::from_ne_bytes(bytes.try_into().ok()?)),
        2 => u64::from(u16::from_ne_bytes(bytes.try_into().ok()?)),
        4 => u64::from(u32::from_ne_bytes(bytes.try_into().ok()?)),
        8 => u64::from_ne_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

fn string(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    format!("\"{}\"", text.escape_debug())
}

fn dump(bytes: &[u8]) -> String {
    let shown = bytes.get(..MAX_SHOWN_BYTES.min(bytes.len())).unwrap_or_default();
    let mut text: Vec<String> = shown.chunks(4).map(hex::encode).collect();
    if bytes.len() > MAX_SHOWN_BYTES {
        text.push("...".to_owned());
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn numbers_follow_their_type() {
        let minus = (-5_i32).to_ne_bytes();
        assert_eq!(text(&minus, Some("int")), "-5");
        assert_eq!(text(&minus, Some("unsigned int")), "4294967291");
        assert_eq!(text(&minus, None), "-5 (0xfffffffb)");
        for unsigned in ["uint32_t", "__u32", "const u32", "volatile u32", "__le32", "dma_addr_t"] {
            assert_eq!(text(&minus, Some(unsigned)), "4294967291", "{unsigned}");
        }
        for signed in ["s32", "int32_t", "const int", "enum mode", "long int", "__s32"] {
            assert_eq!(text(&minus, Some(signed)), "-5", "{signed}");
        }
        assert_eq!(text(&minus, Some("cookie_t")), "-5 (0xfffffffb)", "nobody knows");
        assert_eq!(text(&5_u32.to_ne_bytes(), Some("cookie_t")), "5");
        let high = 0xffff_ffff_c000_0000_u64.to_ne_bytes();
        for pointer in ["struct foo *", "void (*)(int)", "int (*)[4]", "const char *const", "u32 *volatile"] {
            assert_eq!(text(&high, Some(pointer)), "0xffffffffc0000000", "{pointer}");
        }
        assert_eq!(text(&[1], Some("bool")), "true");
        assert_eq!(text(b"abc\0\0\0", Some("char [6]")), "\"abc\"");
        assert_eq!(text(&[0xab; 12], Some("struct s")), "abababab abababab abababab");
        assert!(text(&[0; 64], None).ends_with("..."));
    }
}
