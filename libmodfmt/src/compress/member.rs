// SPDX-License-Identifier: MIT OR Apache-2.0
//! One gzip member, xz stream or zstd frame at a time.
//!
//! Each function takes one member off the front of `rest` and appends its content to the output.
//! The decoders' own handling of several members is not used: it differs between the crates, and
//! does not tell garbage after a member from damage inside the next.

use std::error::Error;
use std::io::{self, Read};

use super::output::Output;
use super::{CompressError, Format, WINDOW_LIMIT};

/// Content is copied from a decoder to the output in chunks of this size, in bytes.
const CHUNK: usize = 64 << 10;

/// Why a member could not be taken.
pub(super) enum Failure {
    /// `rest` does not begin with the format's magic.
    NotAMember,
    /// The output refused the content.
    Output(CompressError),
    /// The decoder refused the input.
    Decoder(Box<dyn Error>),
}

impl From<CompressError> for Failure {
    fn from(error: CompressError) -> Self {
        Self::Output(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Decoder(Box::new(error))
    }
}

/// Takes one gzip member.
pub(super) fn gzip(rest: &mut &[u8], output: &mut Output) -> Result<(), Failure> {
    expect(rest, Format::Gzip)?;
    copy(&mut flate2::bufread::GzDecoder::new(rest), output)
}

/// Takes one xz stream and the padding after it.
pub(super) fn xz(rest: &mut &[u8], output: &mut Output) -> Result<(), Failure> {
    expect(rest, Format::Xz)?;
    let limit_kib = u32::try_from(WINDOW_LIMIT >> 10).unwrap_or(u32::MAX - 1);
    // The crate counts its fixed buffers too, a little above 100 KiB.
    let limit_kib = limit_kib.saturating_add(1024);
    copy(&mut lzma_rust2::XzReader::new_mem_limit(&mut *rest, false, limit_kib), output)?;
    // Stream padding: zeros, a multiple of four.
    while let Some(tail) = rest.strip_prefix(&[0; 4]) {
        *rest = tail;
    }
    Ok(())
}

/// Takes one zstd frame, skippable or not.
pub(super) fn zstd(rest: &mut &[u8], output: &mut Output) -> Result<(), Failure> {
    if let Some(length) = skippable(rest) {
        *rest = usize::try_from(length).ok().and_then(|length| rest.get(8..)?.get(length..)).ok_or_else(
            || {
                *rest = &[];
                io::Error::from(io::ErrorKind::UnexpectedEof)
            },
        )?;
        return Ok(());
    }
    expect(rest, Format::Zstd)?;
    let mut decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut *rest, WINDOW_LIMIT)
        .map_err(|error| Failure::Decoder(Box::new(error)))?;
    copy(&mut decoder, output)?;
    let decoder = decoder.into_frame_decoder();
    let stored = decoder.get_checksum_from_data();
    if stored.is_some() && stored != decoder.get_calculated_checksum() {
        return Err(Failure::Decoder("wrong content checksum".into()));
    }
    Ok(())
}

/// The length of the skippable zstd frame at the front, not counting its header of 8 bytes.
fn skippable(rest: &[u8]) -> Option<u32> {
    let (magic, tail) = rest.split_first_chunk::<4>()?;
    let (length, _) = tail.split_first_chunk::<4>()?;
    (0x184d_2a50..=0x184d_2a5f).contains(&u32::from_le_bytes(*magic)).then_some(u32::from_le_bytes(*length))
}

fn expect(rest: &[u8], format: Format) -> Result<(), Failure> {
    if rest.starts_with(format.magic()) { Ok(()) } else { Err(Failure::NotAMember) }
}

/// Copies everything that a decoder produces.
fn copy(decoder: &mut dyn Read, output: &mut Output) -> Result<(), Failure> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        output.push(chunk.get(..count).unwrap_or_default())?;
    }
}
