// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compares the code that ran with that of the file.
//!
//! The kernel patches itself: calls to ftrace and static keys become no-ops, alternatives are chosen by the
//! processor, retpolines are replaced. The file tells what was there before, and where instructions start.

use super::disassembler::Disassembler;
use super::input::{Context, FileCode};

/// Functions are not read any further.
const MAX_FUNCTION_BYTES: usize = 1 << 16;

/// The function of the marked byte, in the file.
pub(super) struct InFile<'a> {
    code: FileCode<'a>,
    /// Where the marked byte is in it.
    offset: usize,
    /// Where its instructions start, with their lengths, in order.
    starts: Vec<(usize, usize)>,
}

impl<'a> InFile<'a> {
    /// `None` if there is no file, or no instruction starts there where the marked byte is.
    pub(super) fn new(disassembler: &dyn Disassembler, context: &Context<'a>) -> Option<Self> {
        let function = context.function?;
        let code = function.in_file?;
        let offset = usize::try_from(function.offset).ok().filter(|offset| *offset < MAX_FUNCTION_BYTES)?;
        let bytes = code.bytes.get(..code.bytes.len().min(MAX_FUNCTION_BYTES))?;
        let mut starts = Vec::new();
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let outline = disassembler.outline(rest, 0);
            // Data: what follows may be read from the wrong byte on.
            if !outline.valid && !disassembler.knows_length() {
                break;
            }
            let length = outline.length.max(1);
            starts.push((at, length));
            at = at.saturating_add(length);
        }
        starts.iter().any(|(start, _)| *start == offset).then_some(Self { code, offset, starts })
    }

    /// The first index of the report's bytes at which an instruction starts.
    pub(super) fn first_start(&self, marker: usize) -> Option<usize> {
        let starts = self.starts.iter().map(|(start, _)| *start);
        starts.filter_map(|start| marker.saturating_add(start).checked_sub(self.offset)).min()
    }

    /// The file's instruction at a distance from the marked byte, with its length; the length is 0 if none
    /// starts there. `None` if that is outside the function.
    fn at(&self, distance: i64) -> Option<(&'a [u8], usize)> {
        let at = usize::try_from(i64::try_from(self.offset).ok()?.checked_add(distance)?).ok()?;
        let end = self.starts.last().map(|(start, length)| start.saturating_add(*length))?;
        let rest = self.code.bytes.get(at..end).filter(|rest| !rest.is_empty())?;
        let found = self.starts.binary_search_by_key(&at, |(start, _)| *start);
        Some((rest, found.ok().and_then(|index| self.starts.get(index)).map_or(0, |(_, length)| *length)))
    }

    /// Whether the file has something else than these bytes, and the text of its instruction.
    pub(super) fn compare(
        &self,
        disassembler: &dyn Disassembler,
        bytes: &[u8],
        distance: i64,
        address: u64,
        name: &dyn Fn(u64) -> Option<String>,
    ) -> (bool, Option<String>) {
        let Some((file, length)) = self.at(distance) else { return (false, None) };
        let Some(own) = file.get(..length).filter(|own| !own.is_empty()) else { return (true, None) };
        if disassembler.same(bytes, own, self.code.is_linked) {
            return (false, None);
        }
        let decoded = disassembler.decode(own, address);
        // The numbers of a module's file are not those of the loaded module.
        if !self.code.is_linked && decoded.branches {
            let mnemonic = decoded.text.split(' ').next().unwrap_or_default().to_owned();
            return (true, Some(mnemonic));
        }
        let symbol = decoded.target.and_then(name).map(|name| format!(" <{name}>")).unwrap_or_default();
        (true, Some(format!("{}{symbol}", decoded.text)))
    }
}
