// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second computation: regular expressions over the text of a report, and sums of signed numbers.

use std::collections::HashMap;

use liboops::explain::{Statement, StatementKind};
use regex::bytes;

/// A regular expression over bytes, for text.
pub(super) struct Regex(bytes::Regex);

impl Regex {
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        bytes::RegexBuilder::new(pattern).unicode(false).build().map(Self)
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }

    /// The groups of the first match.
    pub fn captures(&self, text: &str) -> Option<Vec<String>> {
        self.captures_iter(text).into_iter().next()
    }

    /// The groups of each match.
    pub fn captures_iter(&self, text: &str) -> Vec<Vec<String>> {
        let text_of = |group: Option<bytes::Match<'_>>| {
            group.map(|group| String::from_utf8_lossy(group.as_bytes()).into_owned()).unwrap_or_default()
        };
        let all = self.0.captures_iter(text.as_bytes());
        all.map(|groups| groups.iter().map(text_of).collect()).collect()
    }
}

/// The text of a report.
pub(super) struct Text {
    pub lines: Vec<String>,
    pub arch: Option<&'static str>,
    /// `T` and the number of a task or `C` and that of a processor, where the kernel prints who writes.
    pub caller: Option<(char, String)>,
}

impl Text {
    pub fn new(lines: Vec<String>, arch: Option<&'static str>, caller: Option<(char, String)>) -> Self {
        Self { lines, arch, caller }
    }

    pub fn all(&self) -> String {
        self.lines.join("\n")
    }

    pub fn has(&self, pattern: &str) -> bool {
        Regex::new(pattern).unwrap().is_match(&self.all())
    }

    fn number(&self, pattern: &str) -> Option<i128> {
        let all = self.all();
        let found = Regex::new(pattern).unwrap().captures(&all)?;
        i128::from_str_radix(found[1].trim_start_matches("0x"), 16).ok()
    }

    /// Registers by their names in capital letters, those of the first set.
    fn registers(&self) -> HashMap<String, i128> {
        let pattern =
            Regex::new(r"(?-u:\b)([A-Z][A-Z0-9]{1,2}|[er][a-z]{2}|[xr][0-9]+): ?(?:00[0-9a-f]{2}:)?([0-9a-f]{8,16})(?-u:\b)")
                .unwrap();
        let mut registers = HashMap::new();
        for line in self.lines.iter().filter(|line| !line.contains("0033:")) {
            for found in pattern.captures_iter(line) {
                let value = i128::from_str_radix(&found[2], 16).unwrap();
                registers.entry(found[1].to_uppercase()).or_insert(value);
            }
        }
        if let Some(base) = self.number(r"(?-u:\b)GS: ?([0-9a-f]{16})\(") {
            registers.insert("GS_BASE".to_owned(), base);
        }
        registers
    }

    /// The value of a register of the instruction, or of a part of it.
    pub fn register(&self, name: &str) -> Option<i128> {
        let registers = self.registers();
        let upper = name.to_uppercase();
        if let Some(value) = registers.get(&upper) {
            return Some(*value);
        }
        if let Some(number) = upper.strip_prefix('R').filter(|rest| rest.len() == 1) {
            return registers.get(&format!("R0{number}")).copied();
        }
        let full = upper.strip_prefix('E').map(|rest| format!("R{rest}"))?;
        registers.get(&full).map(|value| value & 0xffff_ffff)
    }
}

/// Words of which the kernel's own list (`Documentation/admin-guide/tainted-kernels.rst`) has one for each
/// letter.
const TAINT: [(char, &[&str]); 20] = [
    ('P', &["proprietary"]),
    ('F', &["force"]),
    ('S', &["specification", "smp", "unsupported"]),
    ('R', &["unload", "remov"]),
    ('M', &["machine check"]),
    ('B', &["bad page"]),
    ('U', &["user"]),
    ('D', &["died", "oops", "bug"]),
    ('A', &["acpi"]),
    ('W', &["warn"]),
    ('C', &["staging"]),
    ('I', &["firmware"]),
    ('O', &["out-of-tree", "outside of the kernel's tree"]),
    ('E', &["unsigned"]),
    ('L', &["lockup"]),
    ('K', &["live"]),
    ('X', &["distribution", "auxiliary"]),
    ('T', &["randomi", "random"]),
    ('N', &["test"]),
    ('J', &["fwctl"]),
];

pub(super) type Verdict = Result<(), String>;

pub(super) fn ensure(right: bool, why: &str) -> Verdict {
    if right { Ok(()) } else { Err(why.to_owned()) }
}

fn value(statement: &Statement, name: &str) -> Result<i128, String> {
    let found = statement.values.iter().find(|value| value.name == name);
    found.map(|value| i128::from(value.value.0)).ok_or_else(|| format!("no value {name}"))
}

/// Numbers with `0x` in the words.
fn numbers(statement: &Statement) -> Vec<i128> {
    let pattern = Regex::new(r"0x([0-9a-f]+)").unwrap();
    let found = pattern.captures_iter(&statement.text);
    found.iter().map(|found| i128::from_str_radix(&found[1], 16).unwrap()).collect()
}

/// Every register that a statement is drawn from has that value in the log.
fn registers_are_those_of_the_log(text: &Text, statement: &Statement) -> Verdict {
    let names = Regex::new(r"^([er][a-ds][xpi]|r[0-9]+[dwb]?|gs_base|RSP|ESP|sp)$").unwrap();
    for found in statement.values.iter().filter(|value| names.is_match(&value.name)) {
        let log = text.register(&found.name);
        if log != Some(i128::from(found.value.0)) {
            return Err(format!("{} is {log:x?} in the log", found.name));
        }
    }
    Ok(())
}

/// The address that the log names first.
pub(super) fn named_address(text: &Text) -> Option<i128> {
    [
        r"(?:dereference|request|access to memory|memory)[^\n]* at (?:virtual address )?(?:0x)?([0-9a-f]{8,16})(?-u:\b)",
        r"(?:for address|dereference, address): ([0-9a-f]{8,16})(?-u:\b)",
        r"non-canonical address (0x[0-9a-f]+)",
        r"virtual address (?:0x)?([0-9a-f]{8,16})",
        r"badaddr: ([0-9a-f]{8,16})",
        r"(?-u:\b)CR2: ([0-9a-f]{8,16})",
    ]
    .iter()
    .find_map(|pattern| text.number(pattern))
}

/// The address of a statement is that of the log, or a sum of registers and the displacement.
fn address_is_right(text: &Text, statement: &Statement) -> Verdict {
    let address = value(statement, "address")?;
    if text.has("(?m)^(general protection|stack segment)") && !text.has("non-canonical address") {
        return Ok(()); // Only the registers tell: they are compared.
    }
    let named = named_address(text).ok_or("the log names no address")?;
    let distance = (named - address) & 0xffff_ffff_ffff_ffff;
    let is_shadow = text.has("KASAN|kasan");
    ensure(distance < 64 || is_shadow || (-distance) & 0xffff_ffff_ffff_ffff <= 0x1000, "another address")
}

fn five_levels(text: &Text) -> Option<bool> {
    text.number(r"CR4: ([0-9a-f]{8,16})").map(|cr4| cr4 & 0x1000 != 0)
}

pub(super) fn check(text: &Text, statement: &Statement) -> Verdict {
    registers_are_those_of_the_log(text, statement)?;
    match statement.kind {
        StatementKind::NullPointer => {
            address_is_right(text, statement)?;
            let address = value(statement, "address")?;
            ensure(address < 4096, "not in the first page")?;
            ensure(
                !statement.text.contains("is NULL;") || numbers(statement) == [address],
                "another offset",
            )?;
            ensure(text.arch != Some("s390x"), "s390 can read its first page")
        }
        StatementKind::ErrorPointer => {
            address_is_right(text, statement)?;
            let found = Regex::new(r" is -([0-9]+): ([0-9A-Za-z_]+)")
                .unwrap()
                .captures(&statement.text)
                .ok_or("form")?;
            let number: i32 = found[1].parse().unwrap();
            let bits = if matches!(text.arch, Some("x86_64" | "aarch64")) { 64 } else { 32 };
            let first = i128::from(statement.values[0].value.0);
            ensure((1_i128 << bits) - first == i128::from(number), "another number")?;
            // The host's numbers are those of most architectures.
            let name = format!("{:?}", nix::errno::Errno::from_raw(number));
            ensure(number > 133 || number == 11 || found[2] == name || found[2] == "error", &name)
        }
        StatementKind::NonCanonical => {
            address_is_right(text, statement)?;
            let address = value(statement, "address")?;
            let bits = match (text.arch, five_levels(text)) {
                (Some("x86_64"), Some(false)) => 48,
                (Some("x86_64"), _) => 57,
                _ => return Ok(()),
            };
            let kernel = (1_i128 << 64) - (1_i128 << (bits - 1));
            ensure(address >= 1 << (bits - 1) && address < kernel, "canonical")
        }
        StatementKind::ListPoison => {
            address_is_right(text, statement)?;
            let first = format!("{:016x}", statement.values[0].value.0);
            ensure(first.starts_with("dead00000") || first.starts_with("5deadbeef"), "no poison")
        }
        StatementKind::SlabPoison => {
            address_is_right(text, statement)?;
            let digits = if text.arch == Some("i386") { 4 } else { 12 };
            let first = format!("{:x}", statement.values[0].value.0);
            let (freed, fresh) = ("6b".repeat(digits / 2), "5a".repeat(digits / 2));
            let is_freed = first.starts_with(&freed) && statement.text.contains("POISON_FREE");
            ensure(is_freed || first.starts_with(&fresh) && statement.text.contains("INUSE"), "no poison")
        }
        StatementKind::KasanShadow => {
            let (shadow, offset) = (value(statement, "shadow")?, value(statement, "offset")?);
            let first = value(statement, "first")?;
            ensure(first / 8 + offset == shadow, "another shadow")?;
            // The kernel's own line, or the offset in a register.
            let by_line = text.number(r"in range \[(0x[0-9a-f]+)-");
            ensure(by_line.is_none_or(|line| line == first), "the kernel says something else")?;
            let in_register = text.registers().values().any(|value| *value == offset);
            ensure(by_line.is_some() || in_register, "no source of the offset")
        }
        StatementKind::StackOverflow => {
            let all = text.all();
            let pattern = r"hit at ([0-9a-f]+) \(stack is ([0-9a-f]+)\.\.([0-9a-f]+)\)";
            let found = Regex::new(pattern).unwrap().captures(&all).ok_or("no such line")?;
            let number = |at: usize| i128::from_str_radix(&found[at], 16).unwrap();
            ensure(number(1) < number(2) && number(2) < number(3), "not below")?;
            ensure(number(1) > 1 << 32, "hashed")?;
            ensure(numbers(statement)[1] == number(2) - number(1), "another distance")
        }
        StatementKind::OutsideOfStack => {
            let all = text.all();
            let pattern = r"(?:stack limit = |threadinfo[= ])(?:0x)?([0-9a-f]+)";
            let found = Regex::new(pattern).unwrap().captures(&all).ok_or("no such line")?;
            let start = i128::from_str_radix(&found[1], 16).unwrap();
            ensure(i128::from(statement.values[0].value.0) < start && start > 1 << 31, "inside")
        }
        StatementKind::CallToNull | StatementKind::CallToData | StatementKind::CallToUnmapped => {
            let code = text.number(r"Oops: ([0-9a-f]{4}) ").ok_or("no error code")?;
            ensure(code & 0x10 != 0, "no fetch")?;
            let address = value(statement, "address")?;
            ensure(named_address(text) == Some(address), "another address")?;
            ensure((statement.kind == StatementKind::CallToNull) == (address < 4096), "NULL")?;
            ensure(statement.kind != StatementKind::CallToData || code & 1 == 1, "nothing mapped")?;
            ensure(statement.kind != StatementKind::CallToUnmapped || code & 1 == 0, "mapped")
        }
        StatementKind::InitExit => {
            let code = text.number(r"kill init! exitcode=(0x[0-9a-f]+)").ok_or("no exit code")?;
            let by_itself = code % 128 == 0;
            let pattern = if by_itself { r"exit status ([0-9]+)$" } else { r"by signal ([0-9]+) \((\w+)\)$" };
            let found = Regex::new(pattern).unwrap().captures(&statement.text).ok_or("form")?;
            let number: i32 = found[1].parse().unwrap();
            ensure(i128::from(number) == if by_itself { code / 256 } else { code % 128 }, "another number")?;
            let name = nix::sys::signal::Signal::try_from(number).map(|signal| signal.as_str());
            ensure(by_itself || name == Ok(found[2].as_str()), "another signal")
        }
        StatementKind::Division => {
            let divisor = i128::from(statement.values[0].value.0);
            ensure((divisor == 0) != statement.text.contains("not 0"), "another divisor")?;
            ensure(text.has("divide error"), "no divide error")
        }
        StatementKind::Displacement => {
            let named = named_address(text).ok_or("no address")?;
            ensure(i128::from(statement.values[0].value.0) == named, "another register")?;
            ensure(value(statement, "address")? != named, "no displacement")
        }
        StatementKind::UserPointer => {
            address_is_right(text, statement)?;
            let address = value(statement, "address")?;
            let end = match text.arch {
                Some("x86_64") if five_levels(text) == Some(true) => 1 << 56,
                Some("x86_64" | "aarch64") => 1 << 47,
                Some("riscv64") => 1 << 38,
                Some("i386" | "arm") => 1 << 30,
                other => return Err(format!("{other:?}")),
            };
            ensure((0x10000..end).contains(&address), "not in user space")
        }
        StatementKind::PerCpu => {
            let sum = value(statement, "gs_base")? + value(statement, "offset")?;
            ensure(sum & 0xffff_ffff_ffff_ffff == value(statement, "address")?, "another sum")
        }
        StatementKind::OneBitAway => {
            let (address, other) = (value(statement, "address")?, value(statement, "other")?);
            let difference = address ^ other;
            ensure(difference.count_ones() == 1, "more than one bit")?;
            let range = value(statement, "first")?..=value(statement, "last")?;
            ensure(range.contains(&other) && !range.contains(&address), "not in the range")?;
            ensure(!statement.text.contains("because"), "a cause")
        }
        StatementKind::Taint => {
            let letter = statement.text.chars().nth(6).ok_or("no letter")?;
            let all = text.all();
            let found =
                Regex::new(r"Tainted: ([A-Z \[\]=_,-]*)").unwrap().captures(&all).ok_or("not tainted")?;
            ensure(found[1].contains(letter), "no such letter")?;
            let words = TAINT.iter().find(|(own, _)| *own == letter).ok_or("not in the kernel's list")?.1;
            let is_said = |word: &&str| statement.text.to_lowercase().contains(word);
            ensure(words.iter().any(is_said), "another meaning")
        }
        StatementKind::OutOfTree => {
            let all = text.all();
            let found = Regex::new(r"tree: (\S+)\+(0x[0-9a-f]+) \[(\w+)\]").unwrap();
            let found = found.captures(&statement.text).ok_or("form")?;
            let pattern =
                format!(r"{}\+{}/0x[0-9a-f]+ \[{}[ \]]", regex::escape(&found[1]), &found[2], &found[3]);
            ensure(Regex::new(&pattern).unwrap().is_match(&all), "no such place")?;
            ensure(text.has(&format!(r"[ :]{}\([A-Z+-]*O[A-Z+-]*\)", &found[3])), "of the tree")
        }
        other => Err(format!("no second computation for {other:?}")),
    }
}
