// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds a report line by line. What a line means depends on the lines before it: after `Call Trace:`, a
//! line with `RIP:` is where an interrupt or a system call came from.

use memchr::memmem;

use super::block::Report;
use super::context::Spanned;
use super::kind::Kind;
use super::ksymoops_lines::{self, KsymoopsLine};
use super::place::{Frame, Place, Trace};
use super::processor_lines::ProcessorLines;
use super::span::Hex;
use super::stack_labels::StackLabels;
use super::start_lines::Start;
use super::state::{Origin, State, Word, WordRole};
use super::state_lines::Section;
use super::{
    addresses, context_lines, fragment, module_list, places_in_line, task_lines, trace_entries,
    trace_headings, xmon_lines,
};
use crate::cursor::{Cursor, text};
use crate::message::Message;

/// What a report made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineUse {
    /// The line belongs to the report.
    Used,
    /// The line means nothing to the report.
    Unknown,
}

/// What the last line was, where the meaning of the next one depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastLine {
    /// An instruction pointer.
    Pc,
    /// A list of modules, which may go on.
    Modules,
    /// What announces a place that is no entry of a call trace.
    PlaceHeading,
    Other,
}

/// Beginnings of lines whose places are not return addresses: the instruction pointer of an oops up to 4.18
/// and of a machine check, and the lock that a message is about.
const EXACT: [&[u8]; 4] = [b"IP: ", b"mce: [Hardware Error]: RIP", b"[Hardware Error]: RIP", b"lock: "];

/// A report under construction. The values read so far are in a [`Report`] that the caller keeps.
#[derive(Debug)]
pub(super) struct Builder {
    /// Index of the report in its block.
    pub index: usize,
    /// Lines of the same writer since the last line that was used.
    pub unknown_lines: u32,
    /// Messages of any writer since then.
    pub silent_lines: u32,
    /// The line with `[#1]` was seen.
    is_numbered: bool,
    /// It was not the first oops since boot: the kernel ends with the instruction pointer of the first one.
    is_later_oops: bool,
    section: Section,
    labels: StackLabels,
    /// What the call trace is of.
    trace: Trace,
    /// Accesses of a data race so far.
    accesses: u32,
    processor: ProcessorLines,
    /// How many entries the report had when its current call trace began.
    trace_start: usize,
    /// The lines are about the kernel's own thread that has to end RCU's grace periods.
    in_thread: bool,
    /// What follows is of the processor where that thread ran last.
    ran_thread: bool,
    /// The entry that the heading of the current trace is: `Allocated in f+0x1/0x2 age=1`.
    in_heading: Option<usize>,
    last: LastLine,
}

impl Builder {
    pub fn new(index: usize) -> Self {
        Self {
            index,
            unknown_lines: 0,
            silent_lines: 0,
            is_numbered: false,
            is_later_oops: false,
            section: Section::default(),
            labels: StackLabels::default(),
            trace: Trace::Own,
            accesses: 0,
            processor: ProcessorLines::default(),
            trace_start: 0,
            in_thread: false,
            ran_thread: false,
            in_heading: None,
            last: LastLine::Other,
        }
    }

    /// Whether a line that ends reports was seen.
    pub fn has_ended(&self) -> bool {
        self.section.ended
    }

    /// Whether a line after the end of this report is of another one, whose beginning is missing.
    pub fn is_of_another(&self, report: &Report, message: &Message<'_>) -> bool {
        self.section.ended && !self.is_later_oops && fragment::is_of_another(message, report)
    }

    /// Whether a start line belongs to this report and does not begin another one.
    pub fn takes_start(&self, report: &Report, start: &Start) -> bool {
        let has_body = has_body(report);
        match start.kind {
            Kind::Panic => report.kind != Kind::Fragment || has_body,
            // Behind the registers that xmon prints.
            Kind::Bug if start.number.is_none() && xmon_lines::is_title(&report.title.value) => true,
            _ if report.kind == Kind::Fragment => {
                start.follows_trace && report.states.is_empty() && self.unknown_lines == 0
            }
            Kind::CutHere => {
                let is_other = report.kind != Kind::CutHere
                    || start.is_message == says_cut_here(report.title.value.as_bytes());
                !has_body && !self.is_numbered && is_other
            }
            _ if has_body || self.section.ended => false,
            _ if report.kind.is_general() => true,
            // A panic of Rust ends in a `BUG()`, whose own line says nothing more.
            Kind::Bug if is_rust_panic(report) => true,
            // `BUG: memory leak`, then `unreferenced object`.
            Kind::MemoryLeak => report.kind == Kind::MemoryLeak,
            // The watchdog's warning says what it is about after its first line.
            Kind::SoftLockup => report.kind == Kind::Warning,
            // On powerpc another processor may say so first, and then the one that it is about.
            Kind::HardLockup => matches!(report.kind, Kind::Warning | Kind::HardLockup),
            _ => {
                // That of 2.4 has no number: `kernel BUG at skbuff.c:315!`, `invalid operand: 0000`.
                let is_of_bug = report.kind == Kind::Bug && start.kind == Kind::InvalidOpcode;
                let is_die_line = start.number.is_some() || start.kind == Kind::Oops || is_of_bug;
                is_die_line && !self.is_numbered && report.kind.precedes_die_line()
            }
        }
    }

    /// Reads a start line.
    pub fn start(&mut self, report: &mut Report, start: &Start, message: &Message<'_>) {
        self.unknown_lines = 0;
        self.silent_lines = 0;
        let is_first = report.title.span.is_empty();
        // Kernels before 2.6 did not count oopses.
        self.is_later_oops |= start.number.is_some_and(|number| number > 1);
        self.is_numbered |= start.number.is_some() || start.kind == Kind::Oops && !is_first;
        report.panicked |= start.kind == Kind::Panic;
        // A trace after it is that of the panic.
        self.section.other_cpu &= start.kind != Kind::Panic;
        let is_begun = report.kind == Kind::Fragment && start.follows_trace;
        if is_begun {
            self.section = Section::default();
        }
        let says_more = start.kind.says_more_than(report.kind) && !is_of_control_flow(report, start.kind);
        if is_first || is_begun || says_more {
            let own = message.part(start.from..message.text.len());
            let title = Spanned { value: text(own.text.trim_ascii()), span: own.whole() };
            let former = std::mem::replace(&mut report.title, title);
            let is_message = report.kind == Kind::CutHere && !says_cut_here(former.value.as_bytes())
                || says_control_flow(&former.value);
            report.message = report.message.take().or(Some(former).filter(|_| is_message && !is_first));
            report.kind = start.kind;
        } else if start.is_message || start.kind == Kind::Bug && xmon_lines::is_title(&report.title.value) {
            set_message(report, message);
        }
        if let Some((value, range)) = &start.address {
            let span = message.span(range.clone());
            report.words.push(Word { value: Hex(*value), span, role: WordRole::FaultAddress });
        }
        task_lines::of_start(message.text, start.kind, &mut report.context);
        self.processor.start(report, message);
        report.mentions.extend(places_in_line::all(message).into_iter().map(|found| {
            let mut place = found.place;
            place.exact |= start.exact;
            place
        }));
        self.last = LastLine::Other;
    }

    /// Reads any other line.
    pub fn line(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let mut line_use = self.read(report, message);
        if line_use == LineUse::Unknown
            && self.may_be_message(report)
            && !message.text.trim_ascii().is_empty()
        {
            set_message(report, message);
            line_use = LineUse::Used;
        }
        if line_use == LineUse::Used {
            self.unknown_lines = 0;
            self.silent_lines = 0;
        } else if !message.text.trim_ascii().is_empty() {
            self.unknown_lines = self.unknown_lines.saturating_add(1);
        }
        line_use
    }

    fn read(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let last = std::mem::replace(&mut self.last, LastLine::Other);
        if last == LastLine::Modules && module_list::more(message, &mut report.context) {
            self.last = LastLine::Modules;
            return LineUse::Used;
        }
        let trimmed = message.text.trim_ascii_start();
        if trimmed.is_empty() || trimmed.starts_with(b";;") {
            self.last = last;
            return LineUse::Unknown;
        }
        if let Some(line) = ksymoops_lines::read(message) {
            ksymoops_line(report, line);
            return LineUse::Used;
        }
        if trimmed.trim_ascii_end() == b"Preemption disabled at:" {
            self.last = LastLine::PlaceHeading;
            return LineUse::Used;
        }
        if last == LastLine::PlaceHeading && places_in_line::is_frame(message) {
            report.mentions.extend(places_in_line::all(message).into_iter().map(|found| found.place));
            return LineUse::Used;
        }
        if xmon_lines::is_title(&report.title.value)
            && let Some(line) = xmon_lines::read(message, &mut report.context)
        {
            report.states.extend(line.state);
            report.arch = line.arch.or(report.arch);
            if let Some(state) = report.states.last_mut() {
                state.return_address = line.return_address.or(state.return_address.take());
                state.registers.extend(line.register);
            }
            report.frames.extend(line.frame);
            report.words.extend(line.word);
            return LineUse::Used;
        }
        if report.kind == Kind::Slub && is_dump_row(trimmed) {
            return LineUse::Used;
        }
        if report.kind == Kind::Bug
            && let Some(function) = places_in_line::work_function(message)
        {
            report.mentions.push(function);
            return LineUse::Used;
        }
        if self.is_other_task(report, trimmed) {
            self.section.other_cpu = true;
        }
        if let Some(trace) = trace_headings::read(trimmed) {
            self.trace = trace;
            self.in_heading = None;
        } else if report.kind == Kind::Kcsan && is_access(trimmed) {
            self.trace = if self.accesses == 0 { Trace::Own } else { Trace::OtherAccess };
            self.accesses = self.accesses.saturating_add(1);
        }
        if report.kind == Kind::PageFault && !self.is_numbered && self.says_where(report, message) {
            return LineUse::Used;
        }
        let found = self.processor.read(report, message, self.section, last == LastLine::Pc);
        if let Some(found) = found {
            context_lines::of_processor(message, &mut report.context);
            if found.begins_trace {
                self.begin_trace(report);
            }
            for place in found.frames {
                self.frame(report, place, false);
            }
            if found.begins_state {
                self.last = LastLine::Pc;
            }
            return LineUse::Used;
        }
        if self.context(report, message) {
            if trimmed.starts_with(b"Modules linked in:") {
                self.last = LastLine::Modules;
            }
            report.mentions.extend(places_in_line::all(message).into_iter().map(|found| found.place));
            return LineUse::Used;
        }
        if self.heading(report, trimmed) {
            return LineUse::Used;
        }
        self.frames(report, message)
    }

    /// Reads what some processors print below the first line of a page fault, before that of `die()`:
    /// openrisc the address, and sh the instruction pointer, which comes again with the registers.
    fn says_where(&self, report: &mut Report, message: &Message<'_>) -> bool {
        let indent = message.text.len().saturating_sub(message.text.trim_ascii_start().len());
        let mut cursor = Cursor::at(message.text, indent);
        if cursor.eat(b"at virtual address 0x") {
            let start = cursor.position();
            let Some((value, _)) = cursor.hex() else { return false };
            let span = message.span(start..cursor.position());
            report.words.push(Word { value: Hex(value), span, role: WordRole::FaultAddress });
            return true;
        }
        if !cursor.eat(b"PC: [<") || report.arch.is_some() {
            return false;
        }
        report.mentions.extend(
            places_in_line::all(message).into_iter().map(|found| Place { exact: true, ..found.place }),
        );
        true
    }

    /// Whether an unknown line may be what `WARN()` was told to say: it is printed before or after the line
    /// that says where.
    fn may_be_message(&self, report: &Report) -> bool {
        (matches!(report.kind, Kind::CutHere | Kind::Warning) || is_rust_panic(report))
            && report.message.is_none()
            && self.unknown_lines == 0
            && report.context.modules.is_none()
            && report.states.is_empty()
            && report.frames.is_empty()
            && !self.section.traced
            && !self.section.ended
    }

    /// Reads a line about the kernel, the task and the modules.
    fn context(&self, report: &mut Report, message: &Message<'_>) -> bool {
        let context = &mut report.context;
        // The task that waits for too long is not the one that says so, and what other processors were doing
        // is not what the report is about.
        let is_known = context.pid.is_some() && (self.section.other_cpu || report.kind == Kind::HungTask);
        let is_told = is_known || self.in_thread;
        let subject = is_told.then(|| (context.cpu, context.pid, context.comm.take()));
        let known = context_lines::read(message, context);
        if let Some(subject) = subject {
            (context.cpu, context.pid, context.comm) = subject;
        }
        known
    }

    /// Whether a line about a task is about another one than the report.
    fn is_other_task(&self, report: &Report, line: &[u8]) -> bool {
        let pid = task_lines::of_trace(line).and_then(|(_, pid)| pid);
        has_body(report) && report.context.pid.zip(pid).is_some_and(|(known, pid)| known != pid)
    }

    /// Reads a line that only says what comes next.
    fn heading(&mut self, report: &mut Report, text: &[u8]) -> bool {
        if text.starts_with(b"---[ end ") {
            self.section.ended = true;
            return true;
        }
        if trace_headings::is_other_processor(text) || text.starts_with(b"Sending NMI from CPU") {
            // Of a processor that was found stuck, nothing else is known.
            let is_own = matches!(report.kind, Kind::RcuStall | Kind::HardLockup | Kind::Backtrace);
            self.section.other_cpu = !is_own || self.ran_thread || has_own_body(report);
            self.in_thread = false;
            return true;
        }
        // `rcu: RCU grace-period kthread stack dump:`, `rcu: Stack dump where RCU GP kthread last ran:`
        let ran_thread = text.ends_with(b" kthread last ran:");
        if ran_thread || text.ends_with(b" kthread stack dump:") {
            (self.section.other_cpu, self.in_thread, self.ran_thread) = (true, true, ran_thread);
            return true;
        }
        if text.starts_with(b"Task dump for CPU ") {
            self.in_thread = std::mem::take(&mut self.ran_thread);
            self.section.other_cpu = self.in_thread || has_own_body(report);
            return true;
        }
        const TRACES: [&[u8]; 5] =
            [b"Call Trace:", b"Call trace:", b"Backtrace:", b"stack backtrace:", b"Trace:"];
        let heading = TRACES.iter().find(|heading| text.starts_with(heading));
        if let Some(heading) = heading {
            // What came before is the rest of what another processor was writing.
            let is_x86 = matches!(report.arch, None | Some("x86_64" | "i386"));
            if is_x86 && !self.section.traced && has_headed_trace(report.kind) {
                let own = report.frames.iter_mut().filter(|frame| frame.trace == Trace::Own);
                own.for_each(|frame| frame.trace = Trace::OtherTask);
            }
            self.begin_trace(report);
            // Old kernels go on with frames in the same line.
            return text.get(heading.len()..).is_none_or(|rest| rest.trim_ascii().is_empty());
        }
        false
    }

    fn begin_trace(&mut self, report: &Report) {
        self.section.traced = true;
        self.labels.clear();
        self.processor.trace();
        self.trace_start = report.frames.len();
    }

    /// Reads a line of a call trace or of running text.
    fn frames(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let body = message.text;
        let (from, labelled) = self.labels.read(body);
        let exact = EXACT.iter().any(|exact| body.trim_ascii_start().starts_with(exact));
        let found = places_in_line::all(message);
        let rest = message.part(from..body.len());
        if self.is_place_of_title(report) && !found.is_empty() {
            report.mentions.extend(found.into_iter().map(|found| Place { exact: true, ..found.place }));
            return LineUse::Used;
        }
        if let Some(first) = found.first() {
            let between = body.get(from..first.start).unwrap_or_default();
            let is_frame = between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'('))
                || trace_entries::is_stack_pointer(between.trim_ascii())
                || trace_headings::has_frame(body);
            let in_heading = trace_headings::has_frame(body);
            for found in found {
                if is_frame {
                    self.frame(report, found.place, labelled);
                    self.in_heading =
                        report.frames.len().checked_sub(1).filter(|_| in_heading).or(self.in_heading);
                } else {
                    let exact = exact || found.place.exact;
                    report.mentions.push(Place { exact, ..found.place });
                }
            }
            return LineUse::Used;
        }
        if labelled && rest.text.trim_ascii().is_empty() {
            return LineUse::Used;
        }
        let may_be_frame = self.section.traced || labelled || report.kind == Kind::Fragment;
        if may_be_frame && let Some(places) = trace_entries::bare(&rest) {
            for place in places {
                self.frame(report, place, labelled);
            }
            return LineUse::Used;
        }
        if let Some(found) = may_be_frame.then(|| places_in_line::bare(&rest)).flatten() {
            self.frame(report, found.place, labelled);
            return LineUse::Used;
        }
        if addresses::read(message, &mut report.words) { LineUse::Used } else { LineUse::Unknown }
    }

    /// Whether the line is the one that the title announces, on x86-64 up to 2.6.24: `Unable to handle kernel
    /// NULL pointer dereference at 0000000000000010 RIP: `, then `<ffffffff80123456>{f+22}`.
    fn is_place_of_title(&self, report: &Report) -> bool {
        let is_open = !self.is_numbered && !self.section.traced && report.states.is_empty();
        is_open && report.title.value.ends_with(" RIP:")
    }

    fn frame(&mut self, report: &mut Report, mut place: Place, labelled: bool) {
        let context = self.labels.current();
        // The first frame after the end of an interrupt is the place that was interrupted.
        place.exact |= labelled && context.is_none() && place.address.is_some() && !place.unreliable;
        let first = report.frames.len() == self.trace_start;
        trace_entries::settle(report, &mut place, first);
        // KFENCE has no registers to show, and takes the trace from them.
        place.exact |= first
            && report.kind == Kind::Kfence
            && report.mentions.first().is_some_and(|title| {
                title.exact && (&title.symbol, title.offset) == (&place.symbol, place.offset)
            });
        // Since 5.16 the whole trace follows its heading, with the function that is in the heading.
        let same = |frame: &Frame| {
            let known = &frame.place;
            (&known.symbol, known.offset, &known.module) == (&place.symbol, place.offset, &place.module)
        };
        if let Some(index) = self.in_heading
            && report.frames.get(index).is_some_and(same)
        {
            report.mentions.push(report.frames.remove(index).place);
            self.in_heading = None;
        }
        let trace = if self.section.other_cpu { Trace::OtherTask } else { self.trace };
        report.frames.push(Frame { context, trace, ..Frame::new(place) });
    }
}

/// Whether a report has more than what it is about, other tasks and processors aside.
fn has_own_body(report: &Report) -> bool {
    report.frames.iter().any(|frame| frame.trace != Trace::OtherTask)
        || report.states.iter().any(|state| state.origin != Origin::OtherCpu)
}

/// Whether a report has more than what it is about.
fn has_body(report: &Report) -> bool {
    !report.frames.is_empty() || !report.states.is_empty()
}

/// `read to 0xffff888107a3c010 of 8 bytes by task 321 on cpu 1:`
fn is_access(text: &[u8]) -> bool {
    let beginnings: [&[u8]; 4] =
        [b"read to 0x", b"write to 0x", b"read-write to 0x", b"race at unknown origin"];
    beginnings.iter().any(|beginning| text.starts_with(beginning))
}

/// A row of SLUB's dump of an object: `Redzone  ffff888107a3c000: bb bb`. There may be hundreds.
fn is_dump_row(text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 9] = [
        b"Redzone ",
        b"Object ",
        b"Padding ",
        b"Bytes b4 ",
        b"INFO: Slab ",
        b"INFO: Object ",
        b"INFO: 0x",
        b"Slab 0x",
        b"FIX ",
    ];
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// Takes in a line of ksymoops's classic output, which names what the log's own lines have as addresses.
fn ksymoops_line(report: &mut Report, line: KsymoopsLine) {
    match line {
        KsymoopsLine::Other => {}
        KsymoopsLine::Pc(place) => {
            let mut states = report.states.iter_mut().filter_map(|state| state.pc.as_mut());
            match states.find(|pc| pc.address == place.address) {
                Some(pc) => take_name(pc, place),
                None => report.states.push(State { pc: Some(place), ..State::new(Origin::Fault) }),
            }
        }
        KsymoopsLine::Trace(place) => {
            let mut frames = report.frames.iter_mut().map(|frame| &mut frame.place);
            match frames.find(|known| known.address == place.address) {
                Some(known) => take_name(known, place),
                None => report.frames.push(Frame::new(place)),
            }
        }
    }
}

/// Gives a place the name that another line has for its address.
fn take_name(place: &mut Place, named: Place) {
    if place.symbol.is_none() {
        *place = Place { span: place.span, exact: place.exact, unreliable: place.unreliable, ..named };
    }
}

/// Whether a title says that the kernel was about to jump to a wrong place: `CFI failure at f+0x1/0x2
/// (target: ...)`, `traps: Missing ENDBR: f+0x0/0x10`.
fn says_control_flow(title: &str) -> bool {
    title.starts_with("CFI failure ")
        || title.strip_prefix("traps: ").unwrap_or(title).starts_with("Missing ENDBR: ")
}

/// Whether a line of `die()` is only how the kernel stops after such a failure: `kernel BUG at
/// arch/x86/kernel/traps.c:252!`, `invalid opcode: 0000 [#1]`.
fn is_of_control_flow(report: &Report, kind: Kind) -> bool {
    says_control_flow(&report.title.value) && matches!(kind, Kind::Bug | Kind::InvalidOpcode)
}

/// Whether a report began with `rust_kernel: panicked at file:line:column:`.
fn is_rust_panic(report: &Report) -> bool {
    report.title.value.starts_with("rust_kernel: panicked at ")
}

/// Whether a line is the one before a warning or a BUG.
pub(super) fn says_cut_here(text: &[u8]) -> bool {
    memmem::find(text, b"cut here").is_some()
}

fn set_message(report: &mut Report, message: &Message<'_>) {
    let value = text(message.text.trim_ascii());
    report.message.get_or_insert(Spanned { value, span: message.whole() });
}

/// Whether reports of this kind have a trace below a heading. KMSAN, KCSAN and KFENCE have theirs without
/// one, and a fragment begins anywhere.
fn has_headed_trace(kind: Kind) -> bool {
    !matches!(kind, Kind::Kmsan | Kind::Kcsan | Kind::Kfence | Kind::Fragment)
}
