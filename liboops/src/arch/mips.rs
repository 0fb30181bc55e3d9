// SPDX-License-Identifier: MIT OR Apache-2.0
//! MIPS, as in `__show_regs()`, `show_stacktrace()` and `show_code()` of `arch/mips/kernel/traps.c`.
//!
//! ```text
//! $ 0   : 0000000000000000 000000000000000c ffffffffc0006080 0000000000006f20
//! epc   : ffffffffc0006094 victim+0x14/0x20 [m]
//! ra    : ffffffffc00060fc caller+0x5c/0xc0 [m]
//! Status: 1000a4e3    KX SX UX KERNEL EXL IE
//! Cause : 10800008 (ExcCode 02)
//! BadVA : 0000000000000010
//! Code: 03e00825  0060f809  00006025 <8c020010> 03e00008
//! ```
//!
//! Linux 2.4 has eight registers in a row, without `$26` and `$27`.

use super::architecture::{Architecture, Hints, Item, OopsCode, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{FaultStatus, Kind, Register, State};

const GENERAL: &[&str] = &[
    "$0", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
    "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30",
    "$31",
];

/// The row from `$24` on without the registers that the kernel uses itself.
const WITHOUT_KERNEL: &[&str] = &["$24", "$25", "$28", "$29", "$30", "$31"];

const CONTROL: &[&str] = &["Hi", "Lo", "Acx", "Status", "Cause", "BadVA", "PrId"];

/// Exception codes, bits 2 to 6 of Cause, as in `arch/mips/include/asm/mipsregs.h` (6.12).
const CODES: &[(u64, &str)] = &[
    (0, "interrupt"),
    (1, "write to a page that is not writable"),
    (2, "no translation, on a read or an instruction fetch"),
    (3, "no translation, on a write"),
    (4, "misaligned or forbidden address, on a read or an instruction fetch"),
    (5, "misaligned or forbidden address, on a write"),
    (6, "bus error on an instruction fetch"),
    (7, "bus error on data"),
    (8, "system call"),
    (9, "breakpoint: BUG or a probe"),
    (10, "reserved instruction"),
    (11, "coprocessor is not enabled"),
    (12, "integer overflow"),
    (13, "trap instruction: BUG_ON or a failed check"),
    (14, "vector floating point exception"),
    (15, "floating point exception"),
    (19, "page that must not be read"),
    (20, "page that must not be executed"),
    (23, "watchpoint"),
    (24, "machine check"),
];

/// Bit 31 of Cause: the instruction is in the delay slot of the branch that the instruction pointer is at.
const DELAY_SLOT: u64 = 1 << 31;

#[derive(Debug)]
pub(super) struct Mips;

impl Architecture for Mips {
    fn names(&self) -> &'static [&'static str] {
        &["mips", "mips64"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if let Some(reading) = rows(message, hints).or_else(|| place(message)).or_else(|| control(message)) {
            return Some(reading);
        }
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"Code:") && (hints.arch.is_some() || is_own_code(text)) {
            // The byte order is not known, and the words are numbers.
            let code = code_words::read(message, b"Code:", ByteOrder::Big)?;
            return Some(Reading::one(Item::Code(code)));
        }
        None
    }

    fn instruction_offset(&self, state: &State, _kind: Kind, _code: Option<OopsCode>) -> i64 {
        let in_delay_slot = state.register("Cause").is_some_and(|cause| cause & DELAY_SLOT != 0);
        let is_micro =
            state.pc.as_ref().is_some_and(|pc| pc.address.is_some_and(|address| address.0 & 1 == 1));
        match (in_delay_slot, is_micro) {
            (true, false) => 4,
            // Bit 0 says that it is microMIPS code, where the branch may have two bytes or four.
            (_, true) => -1,
            (false, false) => 0,
        }
    }
}

/// `$ 0   : v v v v`, and rows of the stack.
pub(super) fn rows(message: &Message<'_>, hints: Hints) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if cursor.eat(b"$") {
        cursor.blanks();
        let first = usize::try_from(cursor.decimal()?).ok().filter(|first| *first < GENERAL.len())?;
        cursor.blanks();
        if !cursor.eat(b":") {
            return None;
        }
        let (values, _) = numbers::row(message, cursor.position());
        let arch = match values.first()?.1.len() {
            16 => "mips64",
            _ => "mips",
        };
        let registers = match (first, values.len()) {
            (24, 6) => numbers::named(WITHOUT_KERNEL, 0, values),
            _ => numbers::named(GENERAL, first, values),
        };
        let arch = if hints.arch == Some("loongarch64") { "loongarch64" } else { arch };
        // Linux 2.4 has no line of its own for it.
        let caller = numbers::place(&registers, "$31", false).map(Item::Return);
        let mut items = vec![Item::Arch(arch)];
        items.extend(caller);
        items.push(Item::Registers(registers));
        return Some(Reading::of(items));
    }
    let labelled = cursor.eat(b"Stack :") || cursor.eat(b"Stack:");
    if !labelled && hints.rows != Rows::Stack {
        return None;
    }
    let (words, is_whole) = numbers::row(message, cursor.position());
    let rest = message.text.trim_ascii();
    if rest == b"..." {
        return Some(Reading::default().with_rows(Rows::Stack));
    }
    let is_row = is_whole && !words.is_empty();
    is_row.then(|| Reading::one(Item::Stack(words)).with_rows(Rows::Stack))
}

/// `epc   : 80123456 f+0x1/0x2`, `ra    : ...`
fn place(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"epc ");
    if !is_pc && !cursor.eat(b"ra ") {
        return None;
    }
    // RISC-V has one blank in front of the colon, and no value behind it that has a name as well.
    if cursor.blanks() == 0 || !cursor.eat(b": ") {
        return None;
    }
    let digits = Cursor::at(message.text, cursor.position()).hex()?.1;
    let place = places::at(message, cursor.position(), is_pc)?;
    let arch = if digits == 16 { "mips64" } else { "mips" };
    let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
    Some(Reading::of(vec![Item::Arch(arch), item]))
}

fn control(message: &Message<'_>) -> Option<Reading> {
    let registers = numbers::pairs(CONTROL, message)?;
    let cause = numbers::find(&registers, "Cause").and_then(status);
    // Bits 3 and 4 of Status are the mode, 2 for programs.
    let is_user = numbers::find(&registers, "Status").is_some_and(|status| status.value.0 & 0x18 == 0x10);
    let mut items = vec![Item::Registers(registers)];
    items.extend(cause.map(Item::Status));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

fn status(register: &Register) -> Option<FaultStatus> {
    let code = (register.value.0 >> 2) & 0x1f;
    let known = CODES.iter().find(|(number, _)| *number == code)?.1;
    let slot =
        if register.value.0 & DELAY_SLOT == 0 { "" } else { "; in the delay slot, the word behind epc" };
    let meaning = format!("{known}{slot}");
    Some(FaultStatus { register: "Cause", value: register.value, span: register.span, meaning })
}

/// `Code: 03e00825  0060f809  <8c020010>`: the mark, and two blanks after words in front of it.
fn is_own_code(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text.get(5..).unwrap_or_default());
    cursor.blanks();
    cursor.eat(b"<") | matches!(cursor.hex(), Some((_, 8))) && memchr::memchr(b'<', cursor.rest()).is_some()
}
