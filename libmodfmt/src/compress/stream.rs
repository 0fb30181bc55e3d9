// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decompressing piece by piece, for files that need not fit into memory.

use std::io::{self, BufReader, Cursor, Read};

use super::{Format, WINDOW_LIMIT};

/// Wraps the reader of a compressed file; what is read is the content. Several gzip members, xz streams or
/// zstd frames follow each other.
///
/// A window takes at most [`WINDOW_LIMIT`] bytes. There is no limit on the content, which is not held. If the
/// file is damaged or cut, what could be decompressed comes first, then the error.
///
/// ```
/// use libmodfmt::compress::{Format, reader};
/// use std::io::{Read, Write};
///
/// let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
/// gzip.write_all(b"BUG: something")?;
/// let mut text = String::new();
/// reader(Format::Gzip, &*gzip.finish()?).read_to_string(&mut text)?;
/// assert_eq!(text, "BUG: something");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn reader<'r>(format: Format, input: impl Read + 'r) -> Box<dyn Read + 'r> {
    match format {
        Format::Gzip => Box::new(flate2::read::MultiGzDecoder::new(input)),
        Format::Xz => {
            let limit_kib = u32::try_from(WINDOW_LIMIT >> 10).unwrap_or(u32::MAX - 1).saturating_add(1024);
            Box::new(lzma_rust2::XzReader::new_mem_limit(BufReader::new(input), true, limit_kib))
        }
        Format::Zstd => Box::new(ZstdFrames::Between(Input::new(BufReader::new(input)))),
    }
}

/// A reader whose first bytes were read already.
type Input<R> = io::Chain<Cursor<Vec<u8>>, R>;

trait New<R> {
    fn new(inner: R) -> Self;
}

impl<R: Read> New<R> for Input<R> {
    fn new(inner: R) -> Self {
        Cursor::new(Vec::new()).chain(inner)
    }
}

/// zstd frames, skippable or not, one after the other.
enum ZstdFrames<R: Read> {
    Between(Input<R>),
    Inside(Box<Decoder<R>>),
    Ended,
}

type Decoder<R> = ruzstd::decoding::StreamingDecoder<Input<R>, ruzstd::decoding::FrameDecoder>;

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Ended => return Ok(0),
                Self::Between(input) => match next_frame(input)? {
                    Some(decoder) => *self = Self::Inside(Box::new(decoder)),
                    None => return Ok(0),
                },
                Self::Inside(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        *self = Self::Inside(decoder);
                        return Ok(count);
                    }
                    let stored = decoder.decoder.get_checksum_from_data();
                    if stored.is_some() && stored != decoder.decoder.get_calculated_checksum() {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "wrong content checksum"));
                    }
                    let (_, inner) = decoder.into_inner().into_inner();
                    *self = Self::Between(Input::new(inner));
                }
            }
        }
    }
}

/// The decoder of the next frame. `None` at the end of the file.
fn next_frame<R: Read>(mut input: Input<R>) -> io::Result<Option<Decoder<R>>> {
    loop {
        let mut magic = Vec::new();
        (&mut input).take(4).read_to_end(&mut magic)?;
        let Some(&number) = magic.first_chunk::<4>() else {
            let is_end = magic.is_empty();
            return if is_end { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        };
        if (0x184d_2a50..=0x184d_2a5f).contains(&u32::from_le_bytes(number)) {
            let mut length = [0; 4];
            input.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut (&mut input).take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        }
        let (_, inner) = input.into_inner();
        let input = Cursor::new(magic).chain(inner);
        let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(input, WINDOW_LIMIT);
        return decoder.map(Some).map_err(io::Error::other);
    }
}
