// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values as they stand in a file: as they are, or in double quotes with `\"`, `\\` and `\n`.

/// The form in the file. Lists and numbers stay as they are.
pub(crate) fn encode(value: &[u8]) -> Vec<u8> {
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

/// The value; an error says what is wrong.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Some(rest) = text.strip_prefix(b"\"") else { return Ok(text.to_vec()) };
    let mut value = Vec::new();
    let mut bytes = rest.iter();
    loop {
        match bytes.next() {
            None => return Err("the closing quote is missing"),
            Some(b'"') if bytes.as_slice().is_empty() => return Ok(value),
            Some(b'"') => return Err("something follows the closing quote"),
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
    fn broken_quotes() {
        assert!(decode(b"\"a").is_err() && decode(b"\"a\"b").is_err() && decode(b"\"\\x\"").is_err());
    }
}
