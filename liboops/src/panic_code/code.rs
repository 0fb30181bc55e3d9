// SPDX-License-Identifier: MIT OR Apache-2.0
//! A code: what its parameters say, and the log in it.

use std::fmt;

use super::digits::Encoding;
use super::find::{self, Parameters};
use super::inflate::{End, inflate};

/// The text of a code is not read further than this, in bytes. The kernel puts at most 9 KB into one.
pub(super) const MAX_TEXT_BYTES: usize = 1 << 20;

/// What was read in a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PanicCode {
    /// `a=`: the machine, as `uname -m` prints it.
    pub arch: Option<String>,
    /// `v=`: the kernel's release, as `uname -r` prints it.
    pub release: Option<String>,
    /// The end of the kernel's log, as far as it could be read.
    pub text: Vec<u8>,
    /// How far that was.
    pub extent: Extent,
}

/// How far the text of a code could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// To its end, and the checksum is right.
    Whole,
    /// To its end, but the checksum is missing or wrong.
    Unverified,
    /// Digits are missing at the end, and with them text.
    Cut,
    /// Up to digits that are wrong.
    Damaged,
    /// Up to a limit far beyond what a code holds.
    TooLong,
}

impl Extent {
    /// Whether all of the text was read, and is right.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self == Self::Whole
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Unverified => "its checksum is missing or wrong",
            Self::Cut => "digits are missing at its end, and with them the end of the log",
            Self::Damaged => "it is read up to digits that are wrong",
            Self::TooLong => "it is read up to the limit of 1 MiB",
        })
    }
}

/// Decodes the first code in a text: a URL, its part behind `?` or `#?`, or `z=DIGITS` alone. The text of the
/// result may be empty, if too few digits are left. `None` if there is no code.
#[must_use]
pub fn decode(text: &[u8]) -> Option<PanicCode> {
    let found = find::first(text, true)?;
    let digits = text.get(found.digits.clone()).unwrap_or_default();
    Some(PanicCode::new(&found.parameters, digits))
}

impl PanicCode {
    pub(super) fn new(parameters: &Parameters, digits: &[u8]) -> Self {
        let (text, extent) = read(parameters.encoding, digits);
        Self { arch: parameters.arch.clone(), release: parameters.release.clone(), text, extent }
    }
}

/// The text, and how far it could be read. Only the checksum tells whether the last group of digits is whole.
fn read(encoding: Encoding, digits: &[u8]) -> (Vec<u8>, Extent) {
    let whole = encoding.whole(digits).and_then(|bytes| inflate(&bytes, MAX_TEXT_BYTES));
    if let Some(whole) = whole.filter(|whole| matches!(whole.end, End::Whole | End::TooLong)) {
        return (whole.text, extent(whole.end));
    }
    let bytes = encoding.cut(digits);
    match inflate(&bytes, MAX_TEXT_BYTES) {
        Some(cut) => (cut.text, extent(cut.end)),
        // Two bytes tell that it is zlib.
        None if bytes.len() < 2 => (Vec::new(), Extent::Cut),
        None => (Vec::new(), Extent::Damaged),
    }
}

fn extent(end: End) -> Extent {
    match end {
        End::Whole => Extent::Whole,
        End::Unverified => Extent::Unverified,
        End::Cut => Extent::Cut,
        End::Damaged => Extent::Damaged,
        End::TooLong => Extent::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "22850245147461960127479103797202645679929458617911856021402989363788";

    #[test]
    fn the_url_and_its_parts() {
        for url in [
            format!("https://panic.example.org/report#?a=x86_64&v=6.16.0-rc1+&z={DIGITS}"),
            format!("https://panic.example.org/?a=x86_64&v=6.16.0-rc1+&z={DIGITS}\n"),
            format!("QR-Code:https://panic.example.org#?a=x86_64&v=6.16.0-rc1+&z={DIGITS}\r\n"),
            format!("#?a=x86_64&v=6.16.0-rc1+&z={DIGITS}"),
            format!("  ?a=x86_64&v=6.16.0-rc1+&z={DIGITS}  "),
            format!("a=x86_64&v=6.16.0-rc1+&z={DIGITS}"),
        ] {
            let code = decode(url.as_bytes()).unwrap();
            assert_eq!(code.text, b"Test compressed zlib", "{url}");
            assert_eq!(code.extent, Extent::Whole);
            assert_eq!(code.arch.as_deref(), Some("x86_64"));
            // A plus sign is one, not a blank.
            assert_eq!(code.release.as_deref(), Some("6.16.0-rc1+"));
        }
        for alone in [format!("z={DIGITS}"), format!("?z={DIGITS}\n")] {
            let code = decode(alone.as_bytes()).unwrap();
            assert_eq!((code.text.as_slice(), code.release), (&b"Test compressed zlib"[..], None));
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "z", "z=", "z=x", "a=1&v=2", "x&z=1", "https://example.org/?q=1&z=12", "az=123"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_cut_gives_a_beginning() {
        let mut longest = 0;
        for length in 1..DIGITS.len() {
            let code = decode(format!("a=x&v=1&z={}", &DIGITS[..length]).as_bytes()).unwrap();
            assert!(b"Test compressed zlib".starts_with(&code.text), "{length}");
            assert!(!code.extent.is_whole());
            longest = longest.max(code.text.len());
        }
        // Of the 28 bytes 21 are in whole groups: one is of the header.
        assert!(longest > 12, "{longest}");
    }

    #[test]
    fn the_name_of_the_parameter_decides() {
        let code = decode(format!("a=x&v=6.12.0&z={DIGITS}").as_bytes()).unwrap();
        assert!(code.extent.is_whole());
        let code = decode(format!("a=x&v=6.16.0&zl={DIGITS}").as_bytes()).unwrap();
        assert_eq!((code.text, code.extent), (Vec::new(), Extent::Damaged));
    }
}
