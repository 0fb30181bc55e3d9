// SPDX-License-Identifier: MIT OR Apache-2.0
//! `Code:` lines cut at random, and how many of their instructions are right.

use std::fmt;

use libksym::code::{Architecture, CodeBytes, Context, Function, decode};

use super::kernel_text::KernelText;

/// Bytes before the mark, and all (`show_opcodes()` in `arch/x86/kernel/dumpstack.c`).
const BEFORE: usize = 42;
const ALL: usize = 64;
/// What pads the space between functions.
const INT3: u8 = 0xcc;

/// The least share of lines without a false instruction before the mark, in percent.
const MIN_TRUE_LINES: f64 = 98.0;
/// The least share of true boundaries that are shown, in percent.
const MIN_SHOWN: f64 = 95.0;

/// What is known besides the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Nothing,
    /// The address, and the function with its size.
    Function,
}

/// What was found.
#[derive(Default)]
pub struct Figures {
    lines: usize,
    lines_without_false: usize,
    /// Without one that is not marked as doubtful.
    lines_without_sure_false: usize,
    boundaries: usize,
    shown: usize,
    doubtful: usize,
    false_instructions: usize,
}

impl Figures {
    pub fn is_good(&self) -> bool {
        percent(self.lines_without_false, self.lines) >= MIN_TRUE_LINES
            && percent(self.shown, self.boundaries) >= MIN_SHOWN
    }
}

fn percent(part: usize, all: usize) -> f64 {
    part as f64 * 100.0 / all.max(1) as f64
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines, {:.2} % without a false instruction before the mark ({:.2} % without one that is not \
             marked as doubtful); of {} true boundaries {:.2} % are shown; {} false instructions, {:.2} % doubtful",
            self.lines,
            percent(self.lines_without_false, self.lines),
            percent(self.lines_without_sure_false, self.lines),
            self.boundaries,
            percent(self.shown, self.boundaries),
            self.false_instructions,
            percent(self.doubtful, self.boundaries),
        )
    }
}

/// The next number of a sequence that is the same each time (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Cuts so many lines out of the code.
pub fn measure(texts: &[KernelText], known: Known, lines: usize) -> Figures {
    let mut figures = Figures::default();
    let mut state = 1;
    let sections: Vec<_> =
        texts.iter().flat_map(|text| text.sections.iter().map(|section| (text.bits, section))).collect();
    let total: usize = sections.iter().map(|(_, section)| section.starts.len()).sum();
    assert!(total > 0, "no instructions");
    let mut tries = 0;
    while figures.lines < lines && tries < lines * 4 {
        tries += 1;
        let mut at = next(&mut state) as usize % total;
        let (bits, section) = sections
            .iter()
            .find(|(_, section)| match at.checked_sub(section.starts.len()) {
                Some(rest) => {
                    at = rest;
                    false
                }
                None => true,
            })
            .unwrap();
        let mark = section.starts[at].0;
        let Some(first) = mark.checked_sub(BEFORE) else { continue };
        let function = section.functions.partition_point(|span| span.0 <= mark).checked_sub(1);
        let Some(&(start, end)) = function.map(|index| &section.functions[index]) else { continue };
        // No padding, which is easy.
        if mark >= end || section.bytes[mark] == INT3 {
            continue;
        }
        let truth: Vec<_> = section.starts[at.saturating_sub(BEFORE)..at]
            .iter()
            .filter(|(start, _)| *start >= first)
            .copied()
            .collect();
        // Only where the truth is known throughout: not in data among the code.
        let is_whole = truth.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0)
            && truth.last().is_some_and(|last| last.0 + last.1 == mark)
            && truth.first().is_some_and(|one| one.0 < first + 15);
        if !is_whole {
            continue;
        }
        let bytes = section.bytes[first..(first + ALL).min(section.bytes.len())].to_vec();
        let code = CodeBytes::new(bytes, Some(BEFORE));
        let mut context = Context::default();
        if known == Known::Function {
            let address = section.address + mark as u64;
            context.pc = Some(if *bits == 64 { address } else { address & 0xffff_ffff });
            let mut function = Function::new("f", (mark - start) as u64);
            function.size = Some((end - start) as u64);
            context.function = Some(function);
        }
        let architecture = if *bits == 64 { Architecture::X86_64 } else { Architecture::X86 };
        let listing = decode(architecture, &code, &context).unwrap();
        let before = &listing.instructions[..listing.marked.unwrap()];
        let (mut has_false, mut has_sure_false) = (false, false);
        let is_padding = |start: usize| section.bytes[start] == INT3;
        for one in before {
            let start = (mark as i64 + one.offset) as usize;
            if is_padding(start) {
                continue;
            }
            figures.doubtful += usize::from(one.doubtful);
            if truth.contains(&(start, one.bytes.len())) {
                figures.shown += 1;
            } else {
                figures.false_instructions += 1;
                has_false = true;
                has_sure_false |= !one.doubtful;
            }
        }
        figures.lines += 1;
        figures.lines_without_false += usize::from(!has_false);
        figures.lines_without_sure_false += usize::from(!has_sure_false);
        figures.boundaries += truth.iter().filter(|(start, _)| !is_padding(*start)).count();
    }
    figures
}
