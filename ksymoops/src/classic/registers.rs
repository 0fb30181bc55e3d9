// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines with registers.

use std::sync::LazyLock;

use super::entry::Entry;
use super::pattern::Pattern;
use super::shown::BARE;

/// `eax: 00000000   ebx: f0f66540`: registers with their names.
static NAMED: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    Pattern::new(&format!(
        "^((?:gp|o)?r[0-9]{{1,2}}|[goli][0-9]{{1,2}}|[er][abcd]x|[er][ds]i|rbp|e[bs]p|[fsi]p|irp|srp|d?ccr|usp|mof\
         |ret_pc) *[:=] *{BARE}"
    ))
});

/// `$8 : 00000001 ffffd890 ...`, `GPR08: 00000368 BF7FFC0E ...`: a row that begins with its first number.
static ROW: LazyLock<Option<Pattern>> =
    LazyLock::new(|| Pattern::new(r"^(\$|gpr)([0-9]{1,2}) *: *(?:[0-9a-f]{4,}(?: |$))"));

static VALUE: LazyLock<Option<Pattern>> = LazyLock::new(|| Pattern::new(&format!("^{BARE}")));

/// mips shows all registers but those that the kernel itself needs while it handles the exception.
const MIPS_NOT_SHOWN: [u32; 2] = [26, 27];

/// The registers of a line. `s390` is the number of the next register of s390, whose rows have no numbers.
pub(super) fn find(message: &str, s390: &mut Option<u32>) -> Vec<Entry> {
    if message.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("kernel gprs")) {
        *s390 = Some(0);
        return Vec::new();
    }
    let named = named(message);
    if !named.is_empty() {
        return named;
    }
    if let Some(found) = ROW.as_ref().and_then(|row| row.captures(message)) {
        let first = found.group(2).and_then(|number| number.parse().ok()).unwrap_or(0);
        let start = message.find(':').map_or(message.len(), |at| at.saturating_add(1));
        let values = values(message.get(start..).unwrap_or_default().trim_start());
        let is_mips = message.starts_with('$');
        let gap = is_mips && first == 24 && values.len() == 6;
        let numbers = (first..).filter(|number| !(gap && MIPS_NOT_SHOWN.contains(number)));
        let name = |number: u32| if is_mips { format!("${number}") } else { format!("GPR{number}") };
        return numbers.zip(values).map(|(number, value)| register(name(number), value)).collect();
    }
    let Some(next) = *s390 else { return Vec::new() };
    let values = values(message);
    *s390 = next
        .checked_add(u32::try_from(values.len()).unwrap_or(0))
        .filter(|&next| next < 16 && !values.is_empty());
    (next..).zip(values).map(|(number, value)| register(format!("r{number}"), value)).collect()
}

fn register(name: String, value: u64) -> Entry {
    Entry::Register { name, value }
}

fn named(message: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some(one) = NAMED.as_ref().and_then(|named| named.captures(rest)) {
        let (Some(name), Some(value)) = (one.group(1), one.group(2)) else { break };
        rest = rest.get(one.end..).unwrap_or_default();
        // A name before several values begins a row of another kind.
        if found.is_empty() && !rest.is_empty() && !rest.contains([':', '=']) {
            return Vec::new();
        }
        let Ok(value) = u64::from_str_radix(value, 16) else { break };
        found.push(register(name.to_owned(), value));
    }
    found
}

fn values(text: &str) -> Vec<u64> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(one) = VALUE.as_ref().and_then(|value| value.captures(rest)) {
        let Some(digits) = one.group(1) else { break };
        let Ok(value) = u64::from_str_radix(digits, 16) else { break };
        values.push(value);
        rest = rest.get(one.end..).unwrap_or_default();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str, s390: &mut Option<u32>) -> String {
        let entries = find(message, s390);
        let texts: Vec<_> = entries
            .iter()
            .map(|entry| match entry {
                Entry::Register { name, value } => format!("{name}={value:x}"),
                other => format!("{other:?}"),
            })
            .collect();
        texts.join(" ")
    }

    #[test]
    fn rows_of_registers() {
        let none = &mut None;
        assert_eq!(text("eax: 00000001   ebx: f0f66540", none), "eax=1 ebx=f0f66540");
        assert_eq!(text("RAX: 0000000000000001 RBX: 0000000000000002", none), "RAX=1 RBX=2");
        assert_eq!(text("ds: 0018   es: 0018   ss: 0018", none), "");
        assert_eq!(text("GPR08: 00000368 BF7FFC0E", none), "GPR8=368 GPR9=bf7ffc0e");
        let row = "$24: 0000000a 00000002                   809ae000 809afe90 809afe91 8001524c";
        assert_eq!(text(row, none), "$24=a $25=2 $28=809ae000 $29=809afe90 $30=809afe91 $31=8001524c");
        assert_eq!(text("r7 : 00000001 00000002 00000003", none), "");
    }

    #[test]
    fn s390_counts_over_several_lines() {
        let mut next = None;
        assert_eq!(text("Kernel GPRS:", &mut next), "");
        assert_eq!(text("00000001 00000002 00000003 00000004", &mut next), "r0=1 r1=2 r2=3 r3=4");
        assert_eq!(text("00000005 00000006", &mut next), "r4=5 r5=6");
        assert_eq!(text("Kernel ACRS:", &mut next), "");
        assert_eq!(next, None);
    }
}
