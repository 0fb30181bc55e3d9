// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decimal digits as the kernel's panic screen puts them into a QR code, written from the description in
//! `drivers/gpu/drm/drm_panic_qr.rs` and from its history.

/// `z=`: each 7 bytes, the lowest first, as 17 digits; a last group of 1 to 6 bytes as 3, 5, 8, 10, 13 or 15.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(7) {
        let number = group.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let width = [0, 3, 5, 8, 10, 13, 15, 17][group.len()];
        text.push_str(&format!("{number:0width$}"));
    }
    text
}

/// `zl=`: each 13 bits, the highest first, as 4 digits; the last k bits as (k + 1) / 3, or one if k is 1.
/// `None` if those bits are too large a number for these digits, of which no scanner can make anything.
#[must_use]
pub fn old_digits(bytes: &[u8]) -> Option<String> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let mut text = String::new();
    for group in bits.chunks(13) {
        let number = group.iter().fold(0_u32, |number, bit| number << 1 | u32::from(*bit));
        let width = match group.len() {
            1 => 1,
            bits => (bits + 1) / 3,
        };
        if number >= 10_u32.pow(u32::try_from(width).ok()?) {
            return None;
        }
        text.push_str(&format!("{number:0width$}"));
    }
    Some(text)
}
