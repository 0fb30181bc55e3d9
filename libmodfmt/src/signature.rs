// SPDX-License-Identifier: MIT OR Apache-2.0
//! The signature at the end of a signed module.
//!
//! A signed module file is the ELF image, a PKCS#7 message, a `struct module_signature` of 12
//! bytes and a magic line. A program that rewrites the image must cut these off: the kernel
//! refuses a signature that no longer fits, whether or not it enforces signatures
//! (`mod_check_sig()`, same format from 4.3 to 7.3). Nothing is verified here: that would take the
//! kernel's keys.
//!
//! ```
//! use libmodfmt::signature::split;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut file = b"\x7fELF...".to_vec();
//! assert_eq!(split(&file)?, (&b"\x7fELF..."[..], None));
//!
//! file.extend(b"\x30\x00"); // PKCS#7, much shortened
//! file.extend([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
//! file.extend(b"~Module signature appended~\n");
//! let (image, signature) = split(&file)?;
//! assert_eq!(image, b"\x7fELF...");
//! assert_eq!(signature.map(|s| s.message), Some(&b"\x30\x00"[..]));
//! # Ok(())
//! # }
//! ```

use thiserror::Error;

/// The line at the very end of a signed module.
pub const MAGIC: &[u8; 28] = b"~Module signature appended~\n";

/// Size of `struct module_signature` in bytes.
const DESCRIPTION: usize = 12;

/// `id_type` of a PKCS#7 message, the only kind that kernels from 4.3 on know.
pub const PKCS7: u8 = 2;

/// A signature as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature<'d> {
    /// Public key algorithm; 0 for PKCS#7, where the message has it.
    pub algorithm: u8,
    /// Digest algorithm; 0 for PKCS#7.
    pub hash: u8,
    /// Kind of message, [`PKCS7`] in practice. The kernel treats a file with another as unsigned.
    pub id_type: u8,
    /// Offset of `message` in the file, in bytes: the size of the module itself.
    pub offset: u64,
    /// The message, as long as the description says (`sig_len`).
    pub message: &'d [u8],
}

/// What is wrong with a trailer. Offsets count bytes from the start of the file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is a magic line, but no description before it.
    #[error("signature magic at offset {offset:#x}, but no room before it for the description")]
    NoDescription {
        /// Offset of the magic line.
        offset: u64,
    },
    /// `sig_len` reaches back to the start of the file or beyond.
    #[error("signature field sig_len at offset {offset:#x} is {value}; only {available} bytes are before it")]
    Length {
        /// Offset of the field.
        offset: u64,
        /// Its value in bytes.
        value: u32,
        /// Bytes in front of the description.
        available: u64,
    },
    /// A field has a value that the kernel refuses.
    #[error("signature field {field} at offset {offset:#x} is {value:#x}; expected {expected:#x}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Its offset.
        offset: u64,
        /// Its value.
        value: u8,
        /// The only value it can have.
        expected: u8,
    },
}

/// A module with a PKCS#7 message as its signature, as the kernel's `scripts/sign-file` appends it. The
/// message must be detached, over `module`, without signed attributes and certificates.
///
/// ```
/// use libmodfmt::signature::{PKCS7, append, split};
///
/// let file = append(b"\x7fELF...", b"\x30\x00").expect("it is short");
/// let (module, signature) = split(&file).expect("it is whole");
/// assert_eq!(module, b"\x7fELF...");
/// assert_eq!(signature.map(|found| (found.id_type, found.message)), Some((PKCS7, &b"\x30\x00"[..])));
/// ```
#[must_use]
pub fn append(module: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(message.len()).ok()?;
    let mut file = module.to_vec();
    file.extend_from_slice(message);
    file.extend_from_slice(&[0, 0, PKCS7, 0, 0, 0, 0, 0]);
    file.extend_from_slice(&length.to_be_bytes());
    file.extend_from_slice(MAGIC);
    Some(file)
}

/// Splits a file into the module and its signature, if it has one.
///
/// # Errors
///
/// [`SignatureError`] if the file ends with the magic line but what is before it is not a
/// signature. The kernel answers `EBADMSG` to such a file even if it does not require signatures.
pub fn split(file: &[u8]) -> Result<(&[u8], Option<Signature<'_>>), SignatureError> {
    let Some(signed) = file.strip_suffix(MAGIC) else {
        return Ok((file, None));
    };
    let Some((body, description)) = signed.split_last_chunk::<DESCRIPTION>() else {
        return Err(SignatureError::NoDescription { offset: signed.len() as u64 });
    };
    let at = body.len() as u64;
    let &[algorithm, hash, id_type, signer_len, key_id_len, pad0, pad1, pad2, l0, l1, l2, l3] = description;

    let value = u32::from_be_bytes([l0, l1, l2, l3]);
    let split = usize::try_from(value)
        .ok()
        .and_then(|length| body.len().checked_sub(length))
        .filter(|&length| length > 0)
        .and_then(|length| body.split_at_checked(length));
    let Some((module, message)) = split else {
        return Err(SignatureError::Length { offset: at.saturating_add(8), value, available: at });
    };

    // Of another kind the kernel checks nothing else.
    if id_type == PKCS7 {
        let zero = [
            ("algo", 0, algorithm),
            ("hash", 1, hash),
            ("signer_len", 3, signer_len),
            ("key_id_len", 4, key_id_len),
            ("pad", 5, pad0),
            ("pad", 6, pad1),
            ("pad", 7, pad2),
        ];
        for (field, distance, value) in zero {
            expect(field, at.saturating_add(distance), value, 0)?;
        }
        // With a stale length the message would start in the middle of something.
        let first = message.first().copied().unwrap_or(0);
        expect("pkcs7 (DER SEQUENCE)", module.len() as u64, first, 0x30)?;
    }
    let offset = module.len() as u64;
    Ok((module, Some(Signature { algorithm, hash, id_type, offset, message })))
}

fn expect(field: &'static str, offset: u64, value: u8, expected: u8) -> Result<(), SignatureError> {
    if value == expected {
        return Ok(());
    }
    Err(SignatureError::Field { field, offset, value, expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signed(description: [u8; 12]) -> Vec<u8> {
        [b"module", &b"\x30\x03abc"[..], &description, MAGIC].concat()
    }

    const GOOD: [u8; 12] = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5];

    #[test]
    fn a_signature_is_cut_off() {
        let file = signed(GOOD);
        let (module, signature) = split(&file).unwrap();
        let signature = signature.unwrap();
        assert_eq!(module, b"module");
        assert_eq!((signature.id_type, signature.offset), (PKCS7, 6));
        assert_eq!(signature.message, b"\x30\x03abc");
        assert_eq!(split(module).unwrap(), (module, None));
    }

    #[test]
    fn the_length_must_leave_a_module() {
        for value in [11_u32, 12, u32::MAX] {
            let mut description = GOOD;
            description[8..].copy_from_slice(&value.to_be_bytes());
            let error = SignatureError::Length { offset: 19, value, available: 11 };
            assert_eq!(split(&signed(description)), Err(error));
        }
    }

    #[test]
    fn a_stale_length_is_noticed() {
        let mut description = GOOD;
        description[11] = 4;
        let error = split(&signed(description)).unwrap_err();
        assert!(matches!(error, SignatureError::Field { offset: 7, value: 3, expected: 0x30, .. }));
        description[11] = 0;
        assert!(split(&signed(description)).is_err());
    }

    #[test]
    fn every_field_is_checked() {
        for (place, field) in [(0, "algo"), (1, "hash"), (3, "signer_len"), (4, "key_id_len"), (7, "pad")] {
            let mut description = GOOD;
            description[place] = 9;
            let offset = 11 + place as u64;
            let error = SignatureError::Field { field, offset, value: 9, expected: 0 };
            assert_eq!(split(&signed(description)), Err(error));
        }
    }

    #[test]
    fn other_kinds_are_handed_out() {
        let mut description = GOOD;
        description[2] = 1;
        description[3] = 7;
        let file = signed(description);
        assert_eq!(split(&file).unwrap().1.unwrap().id_type, 1);
    }

    #[test]
    fn the_magic_alone_is_an_error() {
        assert_eq!(split(MAGIC), Err(SignatureError::NoDescription { offset: 0 }));
    }

    proptest! {
        #[test]
        fn no_trailer_panics(body: Vec<u8>) {
            let file = [&body[..], MAGIC].concat();
            if let Ok((module, Some(signature))) = split(&file) {
                prop_assert_eq!(module.len() + signature.message.len() + 40, file.len());
            }
        }
    }
}
