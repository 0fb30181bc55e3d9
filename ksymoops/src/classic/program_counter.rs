// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines with the program counter, and the return address beside it.

use std::sync::LazyLock;

use super::entry::Entry;
use super::pattern::Pattern;
use super::shown::{BARE, BRACKETED};
use super::target::Target;

/// A form of the line: which machine prints it, and the pattern, whose last group is the address.
struct Form {
    machine: &'static str,
    pattern: Pattern,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let forms = [
        ("sparc", format!("^psr: [0-9a-f]+ pc: {BARE}")),
        ("sparc64", format!("^tstate: [0-9a-f]{{16}} tpc: {BARE}")),
        ("ppc", format!("(?:kernel pc |trap at pc: |bad area pc |nip: +){BARE}")),
        ("mips", format!("^epc *:+ *{BARE}")),
        ("ia64", format!(" ip *:+ *{BRACKETED}")),
        ("ia64", format!(r"[xi]ip *\([^)]*\) *: *0x{BARE}")),
        // The debugger kdb: `0xEBP 0xEIP name+0x1`.
        ("i386", format!(r"^0x[0-9a-f]{{4,}} *0x{BARE}.*\+0x")),
        ("i386", format!("^entering kdb on processor.*0x{BARE}")),
        ("cris", format!("^ *irp *: *{BARE}")),
        ("i386", format!("^eip: +.*?{BRACKETED}")),
        ("x86_64", format!("^rip: +.*?{BRACKETED}")),
        ("alpha", format!("^pc *= *{BRACKETED} *ra *=")),
        ("m68k", format!("^pc *= *{BRACKETED}")),
        ("arm", format!("^pc *: *{BRACKETED}")),
        ("i370", format!("^psw *flags: *[0-9a-f]{{4,}} *psw addr: *{BARE}")),
        ("s390", format!("^kernel psw: *[0-9a-f]{{4,}} *{BARE}")),
        ("alpha", format!("^spinlock stuck at {BARE}.*owner.*at [0-9a-f]{{4,}}")),
    ];
    let compiled =
        forms.iter().filter_map(|(machine, text)| Some(Form { machine, pattern: Pattern::new(text)? }));
    compiled.collect()
});

/// Return addresses: the label, and the pattern.
static RETURNS: LazyLock<Vec<(&'static str, Pattern)>> = LazyLock::new(|| {
    let forms = [
        ("LR", format!("pc *: *{BRACKETED} *lr *: *{BRACKETED}")),
        ("RA", format!("pc *= *{BRACKETED} *ra *= *{BRACKETED}")),
        ("RA", format!("ra *==+ *{BARE}")),
        ("b0", format!(r"^b0 *(?:\([^)]*\) *)?: *(?:0x)?{BARE}")),
    ];
    forms.iter().filter_map(|(label, text)| Some((*label, Pattern::new(text)?))).collect()
});

/// The program counter of a line, and the processor that prints it so.
pub(super) fn find(message: &str) -> Option<(Target, u64)> {
    FORMS.iter().find_map(|form| {
        let digits = form.pattern.captures(message)?.last()?;
        let address = u64::from_str_radix(digits, 16).ok()?;
        let machine = match (form.machine, digits.len()) {
            ("arm", 16) => "aarch64",
            ("mips", 16) => "mips64",
            ("ppc", 16) => "ppc64",
            ("s390", 16) => "s390x",
            (machine, _) => machine,
        };
        let machine = if form.machine == "i370" {
            Target::find(Some("elf32-i370"), None)
        } else {
            Target::of_machine(machine)
        };
        Some((machine?, address))
    })
}

/// The return addresses of a line.
pub(super) fn returns(message: &str) -> Vec<Entry> {
    let mut found = RETURNS.iter().filter_map(|(label, pattern)| {
        let digits = pattern.captures(message)?.last()?;
        let value = u64::from_str_radix(digits, 16).ok()?;
        Some(Entry::Return { name: label, value })
    });
    found.next().into_iter().collect()
}

/// The task of a line of sysrq-t: its name and, if it is not running, where it sleeps.
pub(super) fn task(message: &str) -> Option<(String, Option<u64>)> {
    static TASK: LazyLock<Option<Pattern>> =
        LazyLock::new(|| Pattern::new(r"^([^ ]+) +[^ ] *([^ ]+).*\((?:l-tlb|notlb)\)"));
    let found = TASK.as_ref()?.captures(message)?;
    let address = found.group(2).and_then(|word| u64::from_str_radix(word, 16).ok());
    Some((found.group(1)?.to_owned(), address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_its_form() {
        for (line, target, address) in [
            ("EIP:    0010:[<c0144b14>]    Not tainted", "elf32-i386", 0xc014_4b14),
            ("RIP: 0010:[<ffffffff80164d4a>] <ffffffff80164d4a>{f+4}", "elf64-x86-64", 0xffff_ffff_8016_4d4a),
            (
                "pc = [<fffffc000050da04>]  ra = [<fffffc000050da00>]  ps = 0007",
                "elf64-alpha",
                0xffff_fc00_0050_da04,
            ),
            ("PC = [<00012345>]", "elf32-m68k", 0x12345),
            ("pc : [<c0022b40>]    lr : [<c0022b3c>]    Not tainted", "elf32-littlearm", 0xc002_2b40),
            ("PSR: 404000c3 PC: f0012345 NPC: f0012349 Y: 0", "elf32-sparc", 0xf001_2345),
            ("TSTATE: 0000009911009606 TPC: 0000000000482e90 TNPC: 0", "elf64-sparc", 0x48_2e90),
            ("NIP: C0264050 XER: 00000000 LR: C0263F28", "elf32-powerpc", 0xc026_4050),
            ("epc  : 8001524c    Tainted: P", "elf32-tradbigmips", 0x8001_524c),
            (
                "psr : 0 ifs : 8 ip  : [<e000000004412345>]    Not tainted",
                "elf64-ia64-little",
                0xe000_0000_0441_2345,
            ),
            ("Kernel PSW:    070c1000 80012345", "elf32-s390", 0x8001_2345),
            ("PSW flags: 070c1000 PSW addr: 80012345", "elf32-i370", 0x8001_2345),
            ("IRP: 60012345 SRP: 0", "elf32-cris", 0x6001_2345),
            ("Entering kdb (current=0xc0, pid 0) on processor 0 due to panic @ 0xc0112345", "", 0),
            ("Entering kdb on processor 0 due to panic @ 0xc0112345", "elf32-i386", 0xc011_2345),
        ] {
            let found = find(line).map_or(("", 0), |(target, address)| (target.name, address));
            assert_eq!(found, (target, address), "{line}");
        }
    }

    #[test]
    fn return_addresses() {
        let name = |line| match returns(line).as_slice() {
            [Entry::Return { name, value }] => format!("{name} {value:x}"),
            other => format!("{other:?}"),
        };
        assert_eq!(name("pc : [<c0022b40>]    lr : [<c0022b3c>]"), "LR c0022b3c");
        assert_eq!(name("pc = [<fffffc000050da04>]  ra = [<fffffc000050da00>]"), "RA fffffc000050da00");
        assert_eq!(name("... 00000000, epc == 8001524c, ra == 8001524c"), "RA 8001524c");
        assert_eq!(name("b0  : e000000004412345 b6  : e0"), "b0 e000000004412345");
        assert_eq!(returns("EIP: 0010:[<c0144b14>]"), []);
    }

    #[test]
    fn tasks() {
        let line = "kswapd    S C12C7C18     0     5      1             6     4 (L-TLB)";
        assert_eq!(task(line), Some(("kswapd".to_owned(), Some(0xc12c_7c18))));
        assert_eq!(task("init R current 0 1 0 (NOTLB)"), Some(("init".to_owned(), None)));
    }
}
