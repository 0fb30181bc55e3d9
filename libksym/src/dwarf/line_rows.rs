// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a line program as far as it is needed.
//!
//! A unit's program has thousands of rows, and most units are asked for one address. So the program stops
//! behind the row of that address, and goes on from there for the next one. gimli parses the header; its
//! interpreter borrows the program, and so could not be kept.

use gimli::{EndianSlice, LineProgramHeader, Reader, RunTimeEndian};

use super::debug_sections::Slice;

/// The place of the addresses from this one up to the next row's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    address: u64,
    /// Number of the file in the unit's table.
    pub(super) file: u32,
    /// 0 if there is none.
    pub(super) line: u32,
    /// 0 if there is none.
    pub(super) column: u32,
}

/// Rows that cover a range of addresses without a gap.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    start: u64,
    end: u64,
    first: usize,
    past: usize,
}

/// The registers of the interpreter.
#[derive(Clone, Copy, Debug)]
struct Registers {
    address: u64,
    op_index: u64,
    file: u64,
    line: u64,
    column: u64,
    /// The code was discarded by the linker: its rows do not count.
    is_discarded: bool,
}

impl Registers {
    const START: Self = Self { address: 0, op_index: 0, file: 1, line: 1, column: 0, is_discarded: false };

    fn advance_line(&mut self, by: i64) {
        self.line = if by < 0 {
            self.line.saturating_sub(by.unsigned_abs())
        } else {
            self.line.wrapping_add(by.unsigned_abs())
        };
    }
}

/// What of the header the instructions depend on.
#[derive(Debug)]
struct Encoding {
    endian: RunTimeEndian,
    address_size: u8,
    line: gimli::LineEncoding,
    opcode_base: u8,
    /// What the special opcodes do, by opcode. They are most of a program, and a division takes long.
    special: Vec<Special>,
    /// Operands of the standard opcodes, from 1 on.
    operands: Vec<u8>,
}

/// What a special opcode adds to the registers.
#[derive(Clone, Copy, Debug)]
struct Special {
    line: i64,
    operations: u64,
}

impl Special {
    /// Those of a program, from the opcode 0 on, where they have no meaning below `opcode_base`.
    fn table(line: gimli::LineEncoding, opcode_base: u8) -> Vec<Self> {
        let of = |opcode: u8| {
            let special = opcode.saturating_sub(opcode_base);
            // gimli takes no header with a range of 0.
            let by = special.checked_rem(line.line_range).unwrap_or(0);
            Self {
                line: i64::from(line.line_base).wrapping_add(by.into()),
                operations: special.checked_div(line.line_range).unwrap_or(0).into(),
            }
        };
        (0..=u8::MAX).map(of).collect()
    }
}

/// What an instruction did.
enum Step {
    /// It changed registers.
    Went,
    /// It made a row.
    Row,
    /// It ended a sequence of rows.
    End,
}

/// The rows of a line program up to where it has run.
#[derive(Debug)]
pub(super) struct LineRows {
    encoding: Encoding,
    program: Vec<u8>,
    /// Bytes of the program that were run.
    run: usize,
    registers: Registers,
    rows: Vec<Row>,
    sequences: Vec<Sequence>,
    /// The first row of the sequence that is being made.
    first: usize,
    /// Whether the rows of that sequence are in order.
    is_sorted: bool,
}

impl LineRows {
    /// `program` is the program of this header.
    pub(super) fn new(header: &LineProgramHeader<Slice<'_>>, program: Vec<u8>) -> Self {
        let encoding = Encoding {
            endian: header.raw_program_buf().endian(),
            address_size: header.address_size(),
            line: header.line_encoding(),
            opcode_base: header.opcode_base(),
            special: Special::table(header.line_encoding(), header.opcode_base()),
            operands: header.standard_opcode_lengths().slice().to_vec(),
        };
        Self {
            encoding,
            program,
            run: 0,
            registers: Registers::START,
            rows: Vec::new(),
            sequences: Vec::new(),
            first: 0,
            is_sorted: true,
        }
    }

    /// The row of an address of the image.
    pub(super) fn find(&mut self, address: u64) -> Option<Row> {
        if let Some(row) = self.known(address) {
            return Some(row);
        }
        if self.run < self.program.len() {
            self.run_until(address);
        }
        self.known(address)
    }

    /// The row of an address, if the program has run that far.
    fn known(&self, address: u64) -> Option<Row> {
        let covers = |sequence: &&Sequence| sequence.start <= address && address < sequence.end;
        let ended = self.sequences.iter().filter(covers).max_by_key(|sequence| sequence.start);
        let rows = match ended {
            Some(sequence) => self.rows.get(sequence.first..sequence.past)?,
            None => self.rows.get(self.first..).filter(|_| self.open_covers(address))?,
        };
        let past = rows.partition_point(|row| row.address <= address);
        rows.get(past.checked_sub(1)?).copied()
    }

    /// Whether the sequence that is being made covers an address.
    fn open_covers(&self, address: u64) -> bool {
        let rows = self.rows.get(self.first..).unwrap_or_default();
        match rows {
            [first, .., last] if self.is_sorted => {
                first.address != 0 && first.address <= address && address < last.address
            }
            _ => false,
        }
    }

    /// Runs the program until it has the row of the address, or to its end. If the program is damaged, the
    /// sequences before that are still good.
    fn run_until(&mut self, address: u64) {
        let program = std::mem::take(&mut self.program);
        let mut input = EndianSlice::new(program.get(self.run..).unwrap_or_default(), self.encoding.endian);
        loop {
            match self.encoding.step(&mut self.registers, &mut input) {
                Ok(Step::Went) => {}
                Ok(Step::Row) => {
                    self.add_row();
                    if address < self.registers.address && self.open_covers(address) {
                        break;
                    }
                }
                Ok(Step::End) => self.end_sequence(),
                Err(_) => {
                    self.rows.truncate(self.first);
                    input.empty();
                    break;
                }
            }
        }
        self.run = program.len().saturating_sub(input.len());
        self.program = program;
    }

    fn add_row(&mut self) {
        let number = |number: u64| u32::try_from(number).unwrap_or(0);
        let Registers { address, file, line, column, is_discarded, .. } = self.registers;
        if is_discarded {
            return;
        }
        let made = Row { address, file: number(file), line: number(line), column: number(column) };
        // Of several rows at one address the last one counts.
        match self.rows.get_mut(self.first..).and_then(<[Row]>::last_mut) {
            Some(last) if last.address == address => *last = made,
            Some(last) => {
                self.is_sorted &= last.address < address;
                self.rows.push(made);
            }
            None => self.rows.push(made),
        }
    }

    fn end_sequence(&mut self) {
        let end = self.registers.address;
        let rows = self.rows.get(self.first..).unwrap_or_default();
        let start = rows.first().map(|row| row.address).filter(|&start| start != 0 && start < end);
        match start.filter(|_| self.is_sorted && !self.registers.is_discarded) {
            Some(start) => {
                let past = self.rows.len();
                self.sequences.push(Sequence { start, end, first: self.first, past });
            }
            None => self.rows.truncate(self.first),
        }
        self.first = self.rows.len();
        self.is_sorted = true;
        self.registers = Registers::START;
    }
}

impl Encoding {
    /// Runs one instruction. Fails at the end of the program.
    #[inline]
    fn step(&self, registers: &mut Registers, input: &mut Slice<'_>) -> gimli::Result<Step> {
        let opcode = input.read_u8()?;
        if opcode >= self.opcode_base
            && let Some(special) = self.special.get(usize::from(opcode))
        {
            registers.advance_line(special.line);
            self.advance(registers, special.operations)?;
            return Ok(Step::Row);
        }
        match gimli::DwLns(opcode) {
            gimli::DwLns(0) => return self.extended(registers, input),
            gimli::DW_LNS_copy => return Ok(Step::Row),
            gimli::DW_LNS_advance_pc => self.advance(registers, input.read_uleb128()?)?,
            gimli::DW_LNS_advance_line => registers.advance_line(input.read_sleb128()?),
            gimli::DW_LNS_set_file => registers.file = input.read_uleb128()?,
            gimli::DW_LNS_set_column => registers.column = input.read_uleb128()?,
            gimli::DW_LNS_const_add_pc => {
                let by = self.special.last().map_or(0, |special| special.operations);
                self.advance(registers, by)?;
            }
            gimli::DW_LNS_fixed_advance_pc => {
                let by = input.read_u16()?;
                if !registers.is_discarded {
                    registers.address = self.sum(registers.address, by.into())?;
                    registers.op_index = 0;
                }
            }
            gimli::DW_LNS_negate_stmt
            | gimli::DW_LNS_set_basic_block
            | gimli::DW_LNS_set_prologue_end
            | gimli::DW_LNS_set_epilogue_begin => {}
            gimli::DW_LNS_set_isa => drop(input.read_uleb128()?),
            _ => {
                let operands = self.operands.get(usize::from(opcode).saturating_sub(1));
                for _ in 0..operands.copied().unwrap_or(0) {
                    input.read_uleb128()?;
                }
            }
        }
        Ok(Step::Went)
    }

    /// An instruction with its own length, whose opcode is 0.
    fn extended(&self, registers: &mut Registers, input: &mut Slice<'_>) -> gimli::Result<Step> {
        let length = input.read_uleb128()?;
        let mut rest = input.split(usize::try_from(length).unwrap_or(usize::MAX))?;
        match gimli::DwLne(rest.read_u8()?) {
            gimli::DW_LNE_end_sequence => return Ok(Step::End),
            gimli::DW_LNE_set_address => {
                let address = rest.read_address(self.address_size)?;
                // Linkers leave discarded code at -1, at -2, or at an address before that of the row before.
                let is_discarded =
                    address < registers.address || address >= self.max_address().saturating_sub(1);
                registers.is_discarded = is_discarded;
                if !is_discarded {
                    registers.address = address;
                    registers.op_index = 0;
                }
            }
            _ => {}
        }
        Ok(Step::Went)
    }

    #[inline]
    fn advance(&self, registers: &mut Registers, operations: u64) -> gimli::Result<()> {
        if registers.is_discarded {
            return Ok(());
        }
        let instructions = match u64::from(self.line.maximum_operations_per_instruction) {
            0 | 1 => operations,
            // Very long instruction words, as on ia64.
            width => {
                let index = registers.op_index.wrapping_add(operations);
                registers.op_index = index.checked_rem(width).unwrap_or(0);
                index.checked_div(width).unwrap_or(0)
            }
        };
        let size = u64::from(self.line.minimum_instruction_length);
        registers.address = self.sum(registers.address, size.wrapping_mul(instructions))?;
        Ok(())
    }

    fn sum(&self, address: u64, by: u64) -> gimli::Result<u64> {
        let sum = address.checked_add(by).filter(|&sum| sum <= self.max_address());
        sum.ok_or(gimli::Error::AddressOverflow)
    }

    fn max_address(&self) -> u64 {
        if self.address_size == 4 { u32::MAX.into() } else { u64::MAX }
    }
}

#[cfg(test)]
mod tests {
    use gimli::{DebugLine, DebugLineOffset};

    use super::*;

    /// A section with one program, of DWARF 4. Special opcodes advance by `(opcode - 13) / 14` bytes.
    fn section(program: &[u8]) -> Vec<u8> {
        let tables = [1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, b'a', 0, 0, 0, 0, 0];
        let header_length = u32::try_from(tables.len()).unwrap().to_le_bytes();
        let unit = [&[4, 0], &header_length[..], &tables, program].concat();
        [&u32::try_from(unit.len()).unwrap().to_le_bytes()[..], &unit].concat()
    }

    fn set_address(address: u64) -> Vec<u8> {
        [&[0, 9, 2][..], &address.to_le_bytes()].concat()
    }

    /// Three sequences: one in order, one that the linker discarded, and one before the first with every
    /// standard opcode.
    fn program() -> Vec<u8> {
        const END: [u8; 3] = [0, 1, 1];
        let special = [20, 75, 6, 5, 7, 13, 200, 255, 1, 1, 30];
        let standard =
            [2, 0x90, 1, 3, 0x7f, 4, 2, 1, 8, 1, 9, 0x10, 0, 10, 11, 12, 3, 1, 0, 2, 4, 5, 99, 2, 9];
        [
            &set_address(0x2000),
            &special[..],
            &END,
            &set_address(u64::MAX),
            &special,
            &END,
            &set_address(0x1000),
            &standard,
            &END,
        ]
        .concat()
    }

    fn rows(section: &[u8]) -> LineRows {
        let line = DebugLine::new(section, RunTimeEndian::Little);
        let program = line.program(DebugLineOffset(0), 8, None, None).unwrap();
        LineRows::new(program.header(), program.header().raw_program_buf().slice().to_vec())
    }

    /// File, line and column of an address by gimli's interpreter.
    fn by_gimli(section: &[u8], address: u64) -> Option<(u64, u64, u64)> {
        let line = DebugLine::new(section, RunTimeEndian::Little);
        let program = line.program(DebugLineOffset(0), 8, None, None).unwrap();
        let (mut rows, mut before) = (program.rows(), None);
        while let Some((_, row)) = rows.next_row().unwrap() {
            if let Some((start, place)) = before
                && start <= address
                && address < row.address()
            {
                return Some(place);
            }
            let column = match row.column() {
                gimli::ColumnType::LeftEdge => 0,
                gimli::ColumnType::Column(column) => column.get(),
            };
            let place = (row.file_index(), row.line().map_or(0, std::num::NonZero::get), column);
            before = (!row.end_sequence()).then_some((row.address(), place));
        }
        None
    }

    fn place(row: Row) -> (u64, u64, u64) {
        (row.file.into(), row.line.into(), row.column.into())
    }

    #[test]
    fn any_order_of_addresses_gives_what_gimli_gives() {
        let section = section(&program());
        let addresses: Vec<u64> = (0xff0..0x11f0).chain(0x1ff0..0x2080).collect();
        let expected: Vec<_> = addresses.iter().map(|&address| by_gimli(&section, address)).collect();
        assert!(expected.iter().flatten().count() > 50);
        let (mut upwards, mut downwards) = (rows(&section), rows(&section));
        let up: Vec<_> = addresses.iter().map(|&address| upwards.find(address).map(place)).collect();
        let mut down: Vec<_> =
            addresses.iter().rev().map(|&address| downwards.find(address).map(place)).collect();
        down.reverse();
        assert_eq!(up, expected);
        assert_eq!(down, expected);
        for (&address, expected) in addresses.iter().zip(expected) {
            assert_eq!(rows(&section).find(address).map(place), expected, "{address:#x}");
        }
    }

    #[test]
    fn it_runs_no_further_than_the_row() {
        let section = section(&program());
        let mut rows = rows(&section);
        assert!(rows.find(0x2001).is_some());
        assert!(rows.run < 20, "{}", rows.run);
    }

    #[test]
    fn sequences_before_the_damage_are_good() {
        let mut damaged = program();
        damaged.truncate(damaged.len() - 2);
        let mut rows = rows(&section(&damaged));
        assert!(rows.find(0x1000).is_none());
        assert!(rows.find(0x2001).is_some());
    }
}
