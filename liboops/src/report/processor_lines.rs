// SPDX-License-Identifier: MIT OR Apache-2.0
//! Takes lines that only one architecture prints into a report: state, code, call traces of a form of its
//! own.

use super::block::Report;
use super::kind::Kind;
use super::place::Place;
use super::state::{Origin, Word, WordRole};
use super::state_lines::{self, Section};
use super::task_lines;
use crate::arch::{self, Hints, Item, OopsCode, Rows};
use crate::cursor::{Cursor, decimal, hex};
use crate::message::Message;

/// What later lines depend on.
#[derive(Debug, Default)]
pub(super) struct ProcessorLines {
    /// What rows without a label are.
    rows: Rows,
    /// The number that `die()` printed.
    code: Option<OopsCode>,
    /// That number was explained.
    explained: bool,
    /// The architecture of the report is only likely: others print the same lines.
    is_guess: bool,
    /// The last caller in a trace that has callers and callees.
    caller: Option<Place>,
    /// How many entries of call traces there were when the first one came that may be one of them.
    frames_before: Option<usize>,
}

/// What a line gave in addition to what is in the report now.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// It began a state.
    pub begins_state: bool,
    /// It began a call trace.
    pub begins_trace: bool,
    /// Entries of the call trace.
    pub frames: Vec<Place>,
}

impl ProcessorLines {
    /// Reads the number in the line of `die()`: `Oops: 0004 ilc:3 [#1]`.
    pub fn start(&mut self, report: &mut Report, message: &Message<'_>) {
        self.code = self.code.or_else(|| oops_code(message)).or_else(|| abort_code(message));
        // Linux 5.19 on LoongArch prints the rest as MIPS does.
        if memchr::memmem::find(message.text, b", era == ").is_some() {
            report.arch = report.arch.or(Some("loongarch64"));
        }
        // 32-bit ARM ends the line of `die()` with the instruction set.
        let line = message.text.trim_ascii_end();
        if self.code.is_some() && (line.ends_with(b" ARM") || line.ends_with(b" THUMB2")) {
            report.arch = report.arch.or(Some("arm"));
        }
        self.explain(report);
    }

    /// A call trace begins.
    pub fn trace(&mut self) {
        self.caller = None;
    }

    /// Reads a line. `None` if it is not one of an architecture.
    pub fn read(
        &mut self,
        report: &mut Report,
        message: &Message<'_>,
        section: Section,
        after_pc: bool,
    ) -> Option<Found> {
        let arch = report.arch.filter(|_| !self.is_guess);
        let reading = arch::read(message, Hints { arch, rows: self.rows })?;
        self.rows = reading.rows;
        // Nearly always it is, and arm64 up to 4.11 and SuperH soon tell.
        if report.arch.is_none() && message.text.trim_ascii_start().starts_with(b"PC is at ") {
            report.arch = Some("arm");
            self.is_guess = true;
        }
        let mut found = Found::default();
        for item in reading.items {
            self.item(report, item, section, after_pc, &mut found);
        }
        self.settle_pc(report);
        Some(found)
    }

    fn item(&mut self, report: &mut Report, item: Item, section: Section, after_pc: bool, found: &mut Found) {
        match item {
            Item::Arch(name) => {
                let known = report.arch.filter(|_| !self.is_guess);
                report.arch = Some(more_exact(known, name));
                self.is_guess = false;
                self.explain(report);
            }
            Item::Pc(pc) => found.begins_state |= state_lines::pc(report, pc, section),
            Item::Return(place) => state_lines::return_address(report, place, section),
            Item::Registers(registers) => state_lines::registers(report, registers, section),
            Item::User => state_lines::user(report),
            Item::Code(code) => state_lines::code(report, code, section, after_pc),
            Item::MoreCode(row) => state_lines::more_code(report, row),
            Item::FaultAddress { value, span } => {
                let known = report.words.iter().any(|word| word.role == WordRole::FaultAddress);
                let role = if known { WordRole::Mention } else { WordRole::FaultAddress };
                report.words.push(Word { value, span, role });
            }
            // Those of the fault come first.
            Item::Status(status) => {
                let is_known = report.fault_status.iter().any(|known| known.register == status.register);
                let is_own = report.states.iter().all(|state| state.origin == Origin::Fault);
                if !is_known && is_own && !section.traced {
                    report.fault_status.push(status);
                }
            }
            Item::Stack(words) => {
                let word = |(value, span)| Word { value, span, role: WordRole::Stack };
                report.words.extend(words.into_iter().map(word));
            }
            Item::Frames(places) => found.frames.extend(places),
            Item::FrameAgain(place) => {
                let before = *self.frames_before.get_or_insert(report.frames.len());
                let mut known = report.frames.iter().take(before);
                if known.any(|frame| frame.place.address == place.address) {
                    report.mentions.push(place);
                } else {
                    found.begins_trace = true;
                    found.frames.push(place);
                }
            }
            Item::Call { callee, caller } => {
                let first = self.caller.is_none();
                if !self.is_last_caller(&callee) {
                    found.frames.push(first_callee(report, callee, first));
                }
                self.caller = Some(caller.clone());
                found.frames.push(caller);
            }
            Item::Mention(place) => report.mentions.push(place),
            Item::Trace => {
                found.begins_trace = true;
                self.caller = None;
            }
            Item::Task { comm, pid, cpu } => {
                task_lines::set(Some((comm.as_bytes(), Some(pid))), &mut report.context);
                report.context.cpu = report.context.cpu.or(cpu);
            }
        }
    }

    /// Whether a function is the caller of the line before.
    fn is_last_caller(&self, callee: &Place) -> bool {
        let Some(last) = &self.caller else { return false };
        match (&callee.symbol, &last.symbol) {
            (Some(callee), Some(last)) => callee == last,
            // Without names, the address of the callee is where it begins.
            _ => true,
        }
    }

    fn explain(&mut self, report: &mut Report) {
        if self.explained || self.is_guess {
            return;
        }
        let (Some(arch), Some(code)) = (arch::by_name(report.arch), self.code) else { return };
        self.explained = true;
        let known = arch.explain(code);
        report.fault_status.extend(
            known.filter(|new| report.fault_status.iter().all(|known| known.register != new.register)),
        );
    }

    /// Notes where the instruction is, as seen from the instruction pointer.
    fn settle_pc(&self, report: &mut Report) {
        let Some(arch) = arch::by_name(report.arch) else { return };
        let kind = report.kind;
        for state in report.states.iter_mut().filter(|state| state.origin == Origin::Fault) {
            let kind = if self.code.is_some() && kind == Kind::Warning { Kind::Oops } else { kind };
            let offset = arch.instruction_offset(state, kind, self.code);
            state.instruction_offset = offset;
            if let Some(pc) = &mut state.pc {
                pc.exact = offset >= 0;
            }
        }
    }
}

/// The function that a trace begins with. Where it is the one of the instruction pointer, that says where in
/// the function; otherwise what the log has is its entry.
fn first_callee(report: &Report, mut callee: Place, first: bool) -> Place {
    callee.exact = first || callee.size.is_none();
    if callee.size.is_some() {
        return callee;
    }
    let same = |pc: &&Place| {
        let addresses = callee.address.zip(pc.address);
        callee.symbol.is_some()
            && pc.symbol == callee.symbol
            && addresses.is_none_or(|(callee, pc)| callee == pc)
    };
    // After a call through a null pointer it is the function that `lr` points to.
    let places = report.states.iter().rev().flat_map(|state| state.pc.iter().chain(&state.return_address));
    if let Some(known) = places.into_iter().find(same) {
        (callee.offset, callee.size, callee.exact) = (known.offset, known.size, known.exact);
        callee.address = callee.address.or(known.address);
    }
    callee
}

/// Of two names of an architecture the one that says more. The first one is kept if they contradict each
/// other.
fn more_exact(known: Option<&'static str>, new: &'static str) -> &'static str {
    match (known, new) {
        // The byte order is only in some lines.
        (Some("ppc64"), "ppc64le") | (Some("mips" | "mips64"), "loongarch64") => new,
        // The first line that was seen has no addresses.
        (Some("s390x"), "s390") | (Some("aarch64"), "arm") => new,
        (Some(known), _) => known,
        (None, new) => new,
    }
}

/// The number in front of `[#1]`, and the length of the instruction behind it.
fn oops_code(message: &Message<'_>) -> Option<OopsCode> {
    // Kernels before 2.6 do not count oopses: `Oops: 0004`, `Internal error: Oops: f5`.
    let end = memchr::memmem::find(message.text, b" [#").or_else(|| {
        let is_old = memchr::memmem::find(message.text, b"Oops: ").is_some();
        is_old.then_some(message.text.len())
    })?;
    let mut before = message.text.get(..end)?.trim_ascii_end();
    let mut instruction_bytes = None;
    if let Some(at) = memchr::memmem::rfind(before, b" ilc:") {
        let halves = decimal(before.get(at.saturating_add(5)..)?).filter(|halves| *halves <= 3)?;
        instruction_bytes = u8::try_from(halves.saturating_mul(2)).ok();
        before = before.get(..at)?;
    }
    let start = memchr::memrchr(b' ', before)?.saturating_add(1);
    let cursor = Cursor::at(before, start);
    let value = hex(cursor.rest())?;
    let labelled = before.get(..start)?.trim_ascii_end().ends_with(b":");
    labelled.then(|| OopsCode { value, span: message.span(start..before.len()), instruction_bytes })
}

/// The number in `SError Interrupt on CPU3, code 0x00000000bf000002 -- SError`, `Bad mode in Synchronous
/// Abort handler detected on CPU0, code 0x8600000f`, since 5.13 `Unhandled 64-bit el1h sync exception on
/// CPU0, ESR 0x0000000034000002 -- BTI`, of arm64.
fn abort_code(message: &Message<'_>) -> Option<OopsCode> {
    const BEGINNINGS: [(&[u8], &[u8]); 3] =
        [(b"SError ", b", code 0x"), (b"Bad mode in ", b", code 0x"), (b"Unhandled ", b", ESR 0x")];
    let (_, mark) = BEGINNINGS.iter().find(|(beginning, _)| message.text.starts_with(beginning))?;
    let at = memchr::memmem::find(message.text, mark)?.saturating_add(mark.len());
    let mut cursor = Cursor::at(message.text, at);
    let (value, _) = cursor.hex()?;
    Some(OopsCode { value, span: message.span(at..cursor.position()), instruction_bytes: None })
}
