// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contents of a variable as text, as far as its type name tells how to read it.

/// Longer contents are cut, in bytes.
const SHOWN: usize = 32;

/// `bytes` in the running machine's byte order; `type_name` as C text, where it is known.
pub(crate) fn text(bytes: &[u8], type_name: Option<&str>) -> String {
    let type_name = type_name.unwrap_or_default();
    if type_name.starts_with("char [") || type_name.starts_with("char[") {
        return string(bytes);
    }
    let pointer = type_name.ends_with('*');
    let aggregate = type_name.contains(['[', '{'])
        || ["struct ", "union "].iter().any(|word| type_name.starts_with(word));
    if let (true, Some(unsigned)) = (pointer || !aggregate, number(bytes)) {
        if pointer {
            return format!("{unsigned:#x}");
        }
        if type_name == "bool" || type_name == "_Bool" {
            return (unsigned != 0).to_string();
        }
        let is_unsigned =
            type_name.contains("unsigned") || matches!(type_name, "u8" | "u16" | "u32" | "u64" | "size_t");
        let shift = 64_u32.saturating_sub(u32::try_from(bytes.len()).unwrap_or(8).saturating_mul(8));
        let signed = (unsigned << shift).cast_signed() >> shift;
        return match (type_name.is_empty(), is_unsigned || signed >= 0) {
            // Without a type both readings are shown where they differ.
            (true, true) => format!("{unsigned} ({unsigned:#x})"),
            (true, false) => format!("{signed} ({unsigned:#x})"),
            (false, true) => unsigned.to_string(),
            (false, false) => signed.to_string(),
        };
    }
    dump(bytes)
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
    let shown = bytes.get(..SHOWN.min(bytes.len())).unwrap_or_default();
    let mut text: Vec<String> = shown.chunks(4).map(crate::json::hex).collect();
    if bytes.len() > SHOWN {
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
        assert_eq!(text(&7_u64.to_ne_bytes(), Some("struct foo *")), "0x7");
        assert_eq!(text(&[1], Some("bool")), "true");
        assert_eq!(text(b"abc\0\0\0", Some("char [6]")), "\"abc\"");
        assert_eq!(text(&[0xab; 12], Some("struct s")), "abababab abababab abababab");
        assert!(text(&[0; 64], None).ends_with("..."));
    }
}
