// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small files of each format, whole and damaged.

use std::io::Write;

use proptest::prelude::*;

use super::output::Output;
use super::*;

const TEXT: &[u8] = b"persistent kernel data, kept over a reload\n";
const LIMIT: u64 = 1 << 20;

/// `xz -c` of [`TEXT`].
const XZ: &str = "fd377a585a000004e6d6b4460200210116000000742fe5a301002a70657273697374656e74206b\
    65726e656c20646174612c206b657074206f76657220612072656c6f61640a0000675690a7050f540b0001432bad50\
    6e571fb6f37d010000000004595a";
/// `xz -c --check=none --lzma2=dict=1GiB` of [`TEXT`].
const XZ_1GIB: &str = "fd377a585a000000ff12d94102002101240000005e1fc7f901002a70657273697374656e\
    74206b65726e656c20646174612c206b657074206f76657220612072656c6f61640a000000013b2b53a388b006729e\
    7a010000000000595a";
/// `zstd -c --check` of [`TEXT`].
const ZSTD: &str = "28b52ffd242b59010070657273697374656e74206b65726e656c20646174612c206b65707420\
    6f76657220612072656c6f61640a25983b58";

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(content, level)
}

fn samples() -> [(Format, Vec<u8>); 3] {
    [(Format::Gzip, gzip(TEXT)), (Format::Xz, hex(XZ)), (Format::Zstd, hex(ZSTD))]
}

#[test]
fn each_format_is_detected_and_decoded() {
    for (format, file) in samples() {
        assert_eq!(detect(&file), Some(format));
        assert_eq!(decompress(&file, LIMIT).unwrap(), TEXT, "{format}");
    }
    assert_eq!(detect(b"\x7fELF"), None);
    assert_eq!(detect(b""), None);
    assert_eq!(decompress(b"\x7fELF", LIMIT), Err(CompressError::Unknown));
}

#[test]
fn the_limit_is_exact() {
    let length = TEXT.len() as u64;
    for (format, file) in samples() {
        assert_eq!(decompress(&file, length).unwrap(), TEXT);
        let limit = length - 1;
        assert_eq!(decompress(&file, limit), Err(CompressError::TooBig { format, limit }));
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 6 << 20];
    for file in [gzip(&zeros), zstd(&zeros)] {
        let error = decompress(&file, LIMIT).unwrap_err();
        assert!(error.to_string().contains("limit of 1048576 bytes"));
    }
}

#[test]
fn output_capacity_stays_within_the_limit() {
    let mut output = Output::new(Format::Gzip, 100_000);
    for _ in 0..10 {
        output.push(&[1; 10_000]).unwrap();
    }
    assert!(output.push(&[1]).is_err());
    assert_eq!(output.into_bytes().capacity(), 100_000);
}

#[test]
fn a_huge_window_is_refused() {
    let zstd_2gib = "28b52ffd04a859010070657273697374656e74206b65726e656c20646174612c206b65707420\
        6f76657220612072656c6f61640a25983b58";
    for file in [hex(XZ_1GIB), hex(zstd_2gib)] {
        let error = decompress(&file, LIMIT).unwrap_err();
        assert!(matches!(error, CompressError::Window { .. }), "{error}");
    }
}

#[test]
fn members_are_joined() {
    for (format, file) in samples() {
        let twice = [file.clone(), file].concat();
        assert_eq!(decompress(&twice, LIMIT).unwrap(), TEXT.repeat(2), "{format}");
    }
    let padded = [hex(XZ), vec![0; 8], hex(XZ), vec![0; 4]].concat();
    assert_eq!(decompress(&padded, LIMIT).unwrap(), TEXT.repeat(2));
    let skippable = b"\x5f\x2a\x4d\x18\x03\0\0\0abc";
    let skipped = [&*hex(ZSTD), skippable, &*hex(ZSTD)].concat();
    assert_eq!(decompress(&skipped, LIMIT).unwrap(), TEXT.repeat(2));
}

fn streamed(file: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let mut input = reader(detect(file).unwrap(), file);
    let mut chunk = [0; 7];
    loop {
        match std::io::Read::read(&mut input, &mut chunk) {
            Ok(0) => return (content, true),
            Ok(count) => content.extend_from_slice(&chunk[..count]),
            Err(_) => return (content, false),
        }
    }
}

#[test]
fn piece_by_piece() {
    for (format, file) in samples() {
        assert_eq!(streamed(&file), (TEXT.to_vec(), true), "{format}");
        let twice = [file.clone(), file.clone()].concat();
        assert_eq!(streamed(&twice), (TEXT.repeat(2), true), "{format}");
        for length in format.magic().len()..file.len() {
            let (content, whole) = streamed(&file[..length]);
            assert!(!whole && TEXT.starts_with(&content), "{format} {length}");
        }
    }
    let skipped = [&*hex(ZSTD), b"\x5f\x2a\x4d\x18\x03\0\0\0abc", &*hex(ZSTD)].concat();
    assert_eq!(streamed(&skipped), (TEXT.repeat(2), true));
    assert!(!streamed(&hex(XZ_1GIB)).1, "the window is limited");
}

#[test]
fn trailing_garbage_is_named() {
    for (format, file) in samples() {
        let offset = file.len() as u64;
        for garbage in [&b"x"[..], b"~Module signature appended~\n", &[0; 3]] {
            assert_eq!(
                decompress(&[&*file, garbage].concat(), LIMIT),
                Err(CompressError::Trailing { format, offset })
            );
        }
    }
}

#[test]
fn what_follows_gzip_is_ignored_as_kmod_does() {
    for (format, file) in samples() {
        let result = decompress_as_kmod(&[&*file, b"rest"].concat(), LIMIT);
        assert_eq!(result.is_ok(), format == Format::Gzip, "{format}");
        assert_eq!(result.unwrap_or(TEXT.to_vec()), TEXT);
    }
}

#[test]
fn every_truncation_is_an_error() {
    for (format, file) in samples() {
        for length in format.magic().len()..file.len() {
            let error = decompress(&file[..length], LIMIT).unwrap_err();
            let offset = length as u64;
            assert_eq!(error, CompressError::Truncated { format, offset });
        }
    }
    let cut = [&*hex(ZSTD), b"\x50\x2a\x4d\x18\xff\xff\xff\xff"].concat();
    let error = decompress(&cut, LIMIT).unwrap_err();
    assert!(matches!(error, CompressError::Truncated { .. }));
}

#[test]
fn checksums_are_verified() {
    for (format, file) in samples() {
        // A byte of the text, which all three store as it is.
        let place = file.windows(6).position(|w| w == b"reload");
        let Some(place) = place else { continue };
        let mut file = file;
        file[place] ^= 1;
        let error = decompress(&file, LIMIT).unwrap_err();
        assert!(matches!(error, CompressError::Corrupt { .. }), "{format}");
    }
}

proptest! {
    #[test]
    fn no_input_panics(bytes: Vec<u8>) {
        for format in Format::ALL {
            let file = [format.magic(), &bytes].concat();
            let _ = decompress(&file, 1 << 16);
        }
    }

    #[test]
    fn no_damage_panics(place: prop::sample::Index, value: u8, content: Vec<u8>) {
        let fixed = [hex(XZ), hex(ZSTD)];
        for mut file in [gzip(&content), zstd(&content)].into_iter().chain(fixed) {
            let place = place.index(file.len());
            file[place] = value;
            let _ = decompress(&file, 1 << 16);
        }
    }

    #[test]
    fn content_survives(content: Vec<u8>) {
        let limit = content.len() as u64;
        prop_assert_eq!(decompress(&gzip(&content), limit).unwrap(), content.clone());
        prop_assert_eq!(decompress(&zstd(&content), limit).unwrap(), content);
    }
}
