// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code as objdump prints it, a line for each instruction, with addresses from 0 on.

use libksym::code::{CodeBytes, Context, Instruction, decode};

use super::entry::Entry;
use super::names::AddressNames;
use super::options::Options;
use super::target::Target;

/// objdump puts this many bytes of x86 into a line; the rest of the instruction gets another.
const BYTES_PER_LINE: usize = 7;
/// Where the instruction begins behind its bytes.
const X86_BYTES_WIDTH: usize = 26;
/// objdump leaves out longer runs of zeros.
const MIN_SKIPPED_ZEROS: usize = 8;

/// Makes the lines of some bytes, which begin at `start`. If the last instruction is cut, it is completed
/// with zeros up to `size` bytes.
pub(super) fn lines(
    bytes: &[u8],
    size: usize,
    start: u64,
    before: bool,
    target: Target,
    options: &Options,
    names: &dyn AddressNames,
) -> Vec<Entry> {
    let (digits, label) = (target.digits, target.label);
    let entry = |offset: u64, text: String| {
        let address = start.wrapping_add(offset) & options.address_mask & target_mask(target);
        Entry::Code { address, text, before }
    };
    let mut lines = vec![entry(0, format!("{:0digits$x} <_{label}>:", 0))];
    for (offset, bytes, instruction) in instructions(bytes, size, target) {
        let text = instruction.map(|one| text(&one, start, target, options, names));
        let is_x86 = label == "EIP" || label == "RIP";
        let per_line = if is_x86 { BYTES_PER_LINE } else { bytes.len().max(1) };
        for (number, part) in bytes.chunks(per_line).enumerate() {
            let at = offset.saturating_add(number.saturating_mul(per_line));
            let at = u64::try_from(at).unwrap_or(u64::MAX);
            let mut line = format!("{at:4x}:   {}", bytes_text(part, is_x86, target));
            if let Some(text) = text.as_ref().filter(|_| number == 0) {
                let width = if is_x86 { X86_BYTES_WIDTH } else { 10 }.saturating_add(8);
                line = format!("{line:<width$}{text}");
            }
            lines.push(entry(at, line));
        }
    }
    lines
}

fn target_mask(target: Target) -> u64 {
    1_u64.checked_shl(target.address_bits).map_or(u64::MAX, |bit| bit.wrapping_sub(1))
}

/// Where each instruction is, its bytes and, if they can be decoded, what it is.
fn instructions(bytes: &[u8], size: usize, target: Target) -> Vec<(usize, Vec<u8>, Option<Instruction>)> {
    let words = || {
        let words = bytes.chunks(4).enumerate();
        words.map(|(number, word)| (number.saturating_mul(4), word.to_vec(), None)).collect()
    };
    let Some(architecture) = target.instructions else { return words() };
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().max(size), 0);
    let mut found = Vec::new();
    let mut at = 0_usize;
    while at < bytes.len() {
        let rest = padded.get(at..).unwrap_or_default();
        let mut context = Context::default();
        context.pc = u64::try_from(at).ok();
        let Ok(listing) = decode(architecture, &CodeBytes::new(rest.to_vec(), None), &context) else {
            return words();
        };
        let start = at;
        for one in listing.instructions {
            let zeros = padded.get(at..).unwrap_or_default().iter().take_while(|&&byte| byte == 0).count();
            if at >= bytes.len() || zeros >= MIN_SKIPPED_ZEROS {
                at = at.saturating_add(skipped(zeros, at, padded.len()));
                break;
            }
            let is_cut =
                !one.valid && at.saturating_add(one.bytes.len()) >= padded.len() && one.bytes.len() > 1;
            let length = if is_cut || (!one.valid && at.saturating_add(1) >= padded.len()) {
                1
            } else {
                one.bytes.len()
            };
            let code: Vec<u8> = one.bytes.iter().copied().take(length).collect();
            let mut one = one;
            if length == 1 && !one.valid && (is_cut || one.text == "(cut)") {
                one.text = format!(".byte 0x{:x}", code.first().copied().unwrap_or(0));
            }
            found.push((at, code, Some(one)));
            at = at.saturating_add(length);
            if is_cut {
                break;
            }
        }
        if at == start {
            break;
        }
    }
    found
}

/// How many of so many zeros objdump leaves out: all at the end, else whole words.
fn skipped(zeros: usize, at: usize, size: usize) -> usize {
    if at.saturating_add(zeros) >= size { zeros } else { zeros & !3 }
}

fn bytes_text(bytes: &[u8], is_x86: bool, target: Target) -> String {
    if is_x86 || bytes.len() != 4 {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        return bytes.join(" ");
    }
    let word = bytes.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    let word =
        if target.little_endian { u64::from(u32::try_from(word).unwrap_or(0).swap_bytes()) } else { word };
    format!("{word:08x}")
}

/// The instruction, and the name of the address that it refers to.
fn text(
    one: &Instruction,
    start: u64,
    target: Target,
    options: &Options,
    names: &dyn AddressNames,
) -> String {
    let (mnemonic, operands) = mnemonic(&one.text);
    let branch = one.target.and_then(|to| {
        let operand = operands.strip_suffix(&format!("{to:#x}"))?;
        Some((operand, to))
    });
    let Some((operand, to)) = branch else { return format!("{mnemonic:<6} {operands}") };
    let there = start.wrapping_add(to) & options.address_mask & target_mask(target);
    let (label, digits) = (target.label, target.digits);
    let name = names.name(there).text(options.decimal);
    format!("{mnemonic:<6} {operand}{to:x} <_{label}+{to:#x}> {there:0digits$x} {name}")
}

/// Splits off the operands; prefixes (`lock`, `repz`) belong to the mnemonic.
fn mnemonic(text: &str) -> (&str, &str) {
    const PREFIXES: [&str; 6] = ["lock", "rep", "repe", "repz", "repne", "repnz"];
    let mut end = 0_usize;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let length = rest.find(' ').unwrap_or(rest.len());
        let is_prefix = PREFIXES.contains(&rest.get(..length).unwrap_or_default());
        end = end.saturating_add(length);
        if !is_prefix || end >= text.len() {
            break;
        }
        end = end.saturating_add(1);
    }
    (text.get(..end).unwrap_or(text), text.get(end..).unwrap_or_default().trim_start())
}
