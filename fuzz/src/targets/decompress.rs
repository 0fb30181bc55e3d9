// SPDX-License-Identifier: MIT OR Apache-2.0
//! A compressed file, or what follows the magic of one: the limit on its content holds, whether the content
//! is smaller, as large or larger. The same bytes as the digits of a panic screen: what is left of them gives
//! the beginning of what all of them give.

use libmodfmt::compress::{Format, decompress, decompress_as_kmod, detect, section, zstd_content_size};
use libmodfmt::elf::Ident;
use liboops::panic_code;
use modtest::panic_code::{digits, old_digits};

/// Bytes.
const LIMIT: u64 = 1 << 20;

/// Tries one input.
pub fn run(data: &[u8]) {
    let zlib = [&[0x78, 0x9c], data].concat();
    code("z", &digits(&zlib));
    if let Some(digits) = old_digits(&zlib) {
        code("zl", &digits);
    }
    if detect(data).is_some() {
        file(data);
        return;
    }
    match section(data, Ident::X86_64, LIMIT) {
        Ok(content) => assert!(content.len() as u64 <= LIMIT),
        Err(error) => drop(error.to_string()),
    }
    for format in Format::ALL {
        file(&[format.magic(), data].concat());
    }
}

fn code(name: &str, digits: &str) {
    let decode = |digits: &str| panic_code::decode(format!("{name}={digits}").as_bytes()).expect("a code");
    let whole = decode(digits).text;
    assert!(whole.len() as u64 <= LIMIT);
    for length in [1, 17, digits.len() / 2, digits.len() - 1] {
        assert!(whole.starts_with(&decode(&digits[..length.min(digits.len())]).text));
    }
}

fn file(file: &[u8]) {
    let _ = zstd_content_size(file);
    let kmod = decompress_as_kmod(file, LIMIT);
    let Ok(content) = decompress(file, LIMIT) else {
        if let Ok(content) = kmod {
            assert_eq!(detect(file), Some(Format::Gzip), "only what follows a gzip member is passed over");
            assert!(content.len() as u64 <= LIMIT);
        }
        return;
    };
    assert!(content.capacity() as u64 <= LIMIT);
    assert_eq!(kmod.as_ref(), Ok(&content));
    let size = content.len() as u64;
    assert_eq!(decompress(file, size).as_ref(), Ok(&content), "the limit is its own size");
    if let Some(less) = size.checked_sub(1) {
        assert!(decompress(file, less).is_err(), "the limit is a byte less");
    }
}
