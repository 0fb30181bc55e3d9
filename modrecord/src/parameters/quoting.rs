// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a value is written in a file: as it is, or in double quotes with `\"`, `\\` and `\n`.

/// The value as it is written in a file. Lists and numbers need no quotes.
pub(super) fn encode(value: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_,.+-/:".contains(byte);
    if !value.is_empty() && value.iter().all(plain) {
        return value.to_vec();
    }
    let mut out = vec![b'"'];
    for byte in value {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            other => out.push(*other),
        }
    }
    out.push(b'"');
    out
}

/// The value of what is written in a file; the error says what is wrong. In an array of strings, each may be
/// quoted.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    if !text.starts_with(b"\"") {
        return Ok(text.to_vec());
    }
    let mut value = Vec::new();
    let mut bytes = text.iter();
    loop {
        match bytes.next() {
            Some(b'"') => quoted(&mut bytes, &mut value)?,
            // An element without quotes, up to the next comma.
            Some(b',') | None => return Err("an element of the array is missing"),
            Some(byte) => {
                value.push(*byte);
                while bytes.as_slice().first().is_some_and(|next| *next != b',') {
                    value.extend(bytes.next());
                }
            }
        }
        match bytes.next() {
            None => return Ok(value),
            Some(b',') => value.push(b','),
            Some(_) => return Err("something follows the closing quote"),
        }
    }
}

/// Appends the rest of a string whose opening quote was read.
fn quoted<'a>(bytes: &mut impl Iterator<Item = &'a u8>, value: &mut Vec<u8>) -> Result<(), &'static str> {
    loop {
        match bytes.next() {
            None => return Err("the closing quote is missing"),
            Some(b'"') => return Ok(()),
            Some(b'\\') => match bytes.next() {
                Some(b'n') => value.push(b'\n'),
                Some(byte @ (b'"' | b'\\')) => value.push(*byte),
                _ => return Err("only \\\", \\\\ and \\n are known"),
            },
            Some(byte) => value.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        for value in [&b""[..], b"1,2,3", b"-0x5", b"a b", b"\"", b"\\n", b"a\nb", b"=", b"#", b"\xff\0"] {
            assert_eq!(decode(&encode(value)).unwrap(), value);
        }
        assert_eq!(encode(b"1,2"), b"1,2");
        assert_eq!(encode(b"a \"b\""), b"\"a \\\"b\\\"\"");
    }

    #[test]
    fn arrays_of_strings() {
        assert_eq!(decode(b"\"a b\",\"c\",d").unwrap(), b"a b,c,d");
        assert!(decode(b"\"a\",").is_err() && decode(b"\"a\",,b").is_err());
    }

    #[test]
    fn broken_quotes() {
        assert!(decode(b"\"a").is_err() && decode(b"\"a\"b").is_err() && decode(b"\"\\x\"").is_err());
    }
}
