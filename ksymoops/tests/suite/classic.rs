// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--format=ksymoops` against what ksymoops 2.4 printed, in mails to kernel lists from 2000 to 2006.
//!
//! `tests/fixtures/classic/NAME.ksymoops` is that output, without its head and its warnings. The oops is the
//! lines in it that ksymoops passed through, or `NAME.log` where the mail had more. The symbols are those
//! that the answers name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ksymoops::classic::{AddressNames, Classic, MapNames, Options};

use super::binary::run_plainly;

/// A line of theirs and ours may differ in this way.
struct Difference {
    name: &'static str,
    is_it: fn(theirs: &str, ours: &str) -> bool,
}

const EVERY_FRAME: &str = "every frame of a line is named";

/// Differences on purpose, or from another disassembler. Besides, blank lines and blanks at ends of lines are
/// not compared (mail programs change them), and warnings are on standard error.
const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "branch targets are named on x86 as well",
        is_it: |theirs, ours| {
            let target = theirs.strip_suffix("   <=====").unwrap_or(theirs);
            target.ends_with('>') && target.contains("<_") && ours.starts_with(&format!("{target} "))
        },
    },
    Difference {
        name: "no scale after a base without index",
        is_it: |theirs, ours| theirs.contains(",1)") && theirs.replace(",1)", ")") == ours,
    },
    Difference {
        name: "ud2 is not called ud2a",
        is_it: |theirs, ours| theirs.contains("ud2a") && theirs.replace("ud2a", "ud2 ") == ours,
    },
    Difference {
        name: "other words about instructions without fixed length",
        is_it: |theirs, ours| {
            let theirs = ["This architecture has variable", "is unreliable, take", "This decode from eip"]
                .iter()
                .position(|start| theirs.starts_with(start));
            let ours =
                ["Instructions of this processor have", "EIP is a guess.", "From EIP on the instructions"]
                    .iter()
                    .position(|start| ours.starts_with(start));
            theirs.is_some() && theirs == ours
        },
    },
    Difference {
        name: "displacements of 0 are not shown",
        is_it: |theirs, ours| theirs.contains("0x0(") && theirs.replace("0x0(", "(") == ours,
    },
    Difference {
        name: "operands of 4 bytes are not shown as 8",
        is_it: |theirs, ours| theirs.contains("$0xffffffff") && theirs.replace("$0xffffffff", "$0x") == ours,
    },
    Difference { name: "negative displacements have a sign", is_it: has_sign },
    Difference {
        name: "instructions of other processors are capstone's, or shown as words",
        is_it: |theirs, ours| {
            let (theirs, ours) = (theirs.trim_end_matches("   <====="), ours.trim_end_matches("   <====="));
            let Some((at, ours)) = ours.split_once(":   ") else { return false };
            let Some(word) = ours.split_whitespace().next().filter(|word| word.len() == 8) else {
                return false;
            };
            let swapped: Vec<_> =
                (0..word.len() / 2).rev().map(|byte| &word[byte * 2..byte * 2 + 2]).collect();
            let code = theirs.strip_prefix(at).and_then(|rest| rest.strip_prefix(":   "));
            code.is_some_and(|code| code.starts_with(word) || code.starts_with(&swapped.join(" ")))
        },
    },
];

fn has_sign(theirs: &str, ours: &str) -> bool {
    let Some(at) = theirs.find("0xffffff") else { return false };
    let digits = &theirs[at + 2..at + 10];
    let Ok(value) = u32::from_str_radix(digits, 16) else { return false };
    theirs.replace(&format!("0x{digits}"), &format!("-{:#x}", value.wrapping_neg())) == ours
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/classic")
}

/// Whether ksymoops made a line, given whether the line before begins with `Code;`.
fn is_made(line: &str, after_code: bool) -> bool {
    let starts = [">>", "Trace; ", "Code;  ", "Proc;  ", "Adhoc ", "Using defaults from ksymoops"];
    after_code || line.is_empty() || starts.iter().any(|start| line.starts_with(start))
}

/// The lines that were passed through.
fn oops_in(output: &str) -> String {
    let mut oops = String::new();
    let mut after_code = false;
    for line in output.lines() {
        if !is_made(line, after_code) {
            oops.push_str(line);
            oops.push('\n');
        }
        after_code = line.starts_with("Code;  ");
    }
    oops
}

/// A merged map with the symbols that an output names, and what follows each of them.
fn map_of(output: &str) -> String {
    let mut symbols: BTreeMap<(u64, String), Option<String>> = BTreeMap::new();
    let mut ends = BTreeSet::new();
    for line in output.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let address = u64::from_str_radix(pair[0], 16).ok();
            let name = pair[1].strip_prefix('<').and_then(|name| name.strip_suffix('>'));
            let (Some(address), Some((symbol, numbers))) =
                (address, name.and_then(|name| name.rsplit_once('+')))
            else {
                continue;
            };
            // `<_EIP+0x15>` is objdump's.
            let Some((offset, size)) = numbers.split_once('/') else { continue };
            let number = |digits| u64::from_str_radix(digits, 16).unwrap();
            let start = address - number(offset);
            let (module, symbol) = match symbol.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((module, symbol)) => (Some(module.to_owned()), symbol),
                None => (None, symbol),
            };
            symbols.insert((start, symbol.to_owned()), module);
            ends.insert((start + number(size), number(size) == 0));
        }
    }
    for (end, is_empty) in ends {
        if is_empty || !symbols.keys().any(|(start, _)| *start == end) {
            symbols.insert((end, "~next".to_owned()), None);
        }
    }
    let mut map = String::new();
    for ((address, symbol), module) in &symbols {
        let module = module.as_ref().map(|module| format!("\t[{module}]")).unwrap_or_default();
        map.push_str(&format!("{address:08x} T {symbol}{module}\n"));
    }
    map
}

fn ours(oops: &str, map: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("System.map");
    fs::write(&file, map).unwrap();
    let all = ["--format=ksymoops", "-VKLO", "-m", file.to_str().unwrap()];
    let (_, out, _) = run_plainly(&[&all, args].concat(), oops.as_bytes());
    // The head says which files are used.
    out.split_once("\n\n").map(|(_, rest)| rest.to_owned()).unwrap()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn as_ksymoops_2_4_but_for_named_differences() {
    let mut used = BTreeSet::new();
    let mut count = 0;
    let mut unknown = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ksymoops") {
            continue;
        }
        count += 1;
        let theirs = fs::read_to_string(&path).unwrap();
        let log = fs::read_to_string(path.with_extension("log")).ok();
        let oops = log.unwrap_or_else(|| oops_in(&theirs));
        let ours = ours(&oops, &map_of(&theirs), &[]);
        let mut ours = lines(&ours);
        // Counts the warnings, which are not compared.
        ours.retain(|line| !line.ends_with(" issued.  Results may not be reliable."));
        if oops_in(&theirs).is_empty() {
            // The mail has only what ksymoops added.
            let mut after_code = false;
            ours.retain(|line| {
                let made = is_made(line, after_code) && !line.starts_with("Using");
                after_code = line.starts_with("Code;  ");
                made
            });
        }
        let theirs = lines(&theirs);
        let mut rest = ours.iter();
        for theirs in &theirs {
            let mut next = rest.next().map(String::as_str).unwrap_or_default();
            // `<a>{f+1} <b>{g+2}` of x86-64: they read the first frame of a line only.
            while next != theirs && next.starts_with("Trace; ") && oops.contains(">{") {
                used.insert(EVERY_FRAME);
                next = rest.next().map(String::as_str).unwrap_or_default();
            }
            let ours = next;
            if theirs == ours {
                continue;
            }
            let known = DIFFERENCES.iter().find(|difference| (difference.is_it)(theirs, ours));
            match known {
                Some(known) => {
                    used.insert(known.name);
                }
                None => unknown.push(format!("{}:\ntheirs {theirs}\nours   {ours}", path.display())),
            }
        }
        if rest.next().is_some() {
            unknown.push(format!("{}: {ours:#?}", path.display()));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(count >= 6, "{count}");
    assert!(used.contains(EVERY_FRAME));
    for difference in DIFFERENCES {
        assert!(used.contains(difference.name), "no longer a difference: {}", difference.name);
    }
}

const OOPS: &str = "\
Oops: 0002
EIP:    0010:[<c0144b14>]    Not tainted
Call Trace: [<c0147ddf>]
Code: 89 02 c7 41 30 00 00 00 00
";
const MAP: &str =
    "c0144b00 T __remove_from_queues\nc0144b30 T next\nc0147d60 T try_to_free_buffers\nc0147ed0 A _end\n";

#[test]
fn options_of_the_output() {
    let text = ours(OOPS, MAP, &[]);
    let expected = "\
Oops: 0002
EIP:    0010:[<c0144b14>]    Not tainted
Using defaults from ksymoops -t elf32-i386 -a i386
Call Trace: [<c0147ddf>]
Code: 89 02 c7 41 30 00 00 00 00


>>EIP; c0144b14 <__remove_from_queues+14/30>   <=====

Trace; c0147ddf <try_to_free_buffers+7f/170>

Code;  c0144b14 <__remove_from_queues+14/30>
00000000 <_EIP>:
Code;  c0144b14 <__remove_from_queues+14/30>   <=====
   0:   89 02                     mov    %eax,(%edx)   <=====
Code;  c0144b16 <__remove_from_queues+16/30>
   2:   c7 41 30 00 00 00 00      movl   $0x0,0x30(%ecx)

";
    assert_eq!(text, expected);
    assert!(ours(OOPS, MAP, &["-x"]).contains("<__remove_from_queues+20/48>"));
    assert!(ours(OOPS, MAP, &["-x", "-x"]).contains("<__remove_from_queues+14/30>"));
    let wide = ours(OOPS, MAP, &["-S"]);
    assert!(wide.contains("\nCode;  c0144b16 <__remove_from_queues+16/30>      2:   c7 41"), "{wide}");
    let named = ours(OOPS, MAP, &["-t", "elf64-x86-64", "-a", "i386:x86-64"]);
    assert!(named.contains(">>RIP; 00000000c0144b14 <") && !named.contains("Using defaults"), "{named}");
    assert!(ours(OOPS, MAP, &["-T", "24"]).contains(">>EIP; 00144b14 <__remove_from_queues+14/30>"));
    let words = "EIP: 0010:[<c0144b14>]\nCode: 41c70289\n";
    assert!(ours(words, MAP, &[]).contains("   0:   89 02  "));
    assert!(ours(words, MAP, &["-e"]).contains("   0:   41   "));
}

/// The labels of the instruction pointer, of the return address and of the trace differ by processor.
#[test]
fn sparc_arm_and_ia64() {
    let sparc = "\
swapper(1): Oops
PSR: 409010c1 PC: f0012010 NPC: f0012014 Y: 00000000    Not tainted
g0: 00000000 g1: f0019010 g2: 00000000 g3: 00000002 g4: 00000000 g5: 00000000 g6: 00000000 g7: 00000001
Caller[f0019008]
Caller[f0012020]
Instruction DUMP: 01000000 9de3bf98 92102000 <d0022000> 81c7e008 91e80008
";
    let arm = "\
Internal error: Oops: 0
pc : [<c0020010>]    lr : [<c0021004>]    Not tainted
sp : c1f3ff00  ip : 00000000  fp : c1f3ff14
r7 : c0021000  r6 : 00000000  r5 : 00000000  r4 : 00000000
Backtrace:
Function entered at [<c0020000>] from [<c0021004>]
Code: e1a0c00d e92dd800 e24cb004 (e5903010) e89da800
";
    let ia64 = "\
swapper[0]: Oops 8813272891392
psr : 0000101008022018 ifs : 8000000000000308 ip  : [<e000000004400010>]    Not tainted
b0  : e000000004401020 b6  : 0000000000000000 b7  : 0000000000000000
r1  : e000000004401004 r2  : 0000000000000000 r3  : 0000000000000000
Call Trace: [<e000000004400010>] sp=0xe000000001effbb0 bsp=0xe000000001ef9098
[<e000000004401020>] sp=0xe000000001effd80 bsp=0xe000000001ef9070
";
    for (log, map, expected) in [
        (
            sparc,
            "f0012000 T fault\nf0019000 T sys_open\nf0020000 A _end\n",
            &[
                "Using defaults from ksymoops -t elf32-sparc -a sparc",
                ">>PC;  f0012010 <fault+10/7000>   <=====",
                ">>g1; f0019010 <sys_open+10/7000>",
                "Trace; f0019008 <sys_open+8/7000>",
                "Trace; f0012020 <fault+20/7000>",
                "Code;  f0012010 <fault+10/7000>   <=====",
                "   c:   d0022000   <=====",
            ][..],
        ),
        (
            arm,
            "c0020000 T do_bad\nc0021000 T sys_init\nc0022000 A _end\n",
            &[
                "Using defaults from ksymoops -t elf32-littlearm -a arm",
                ">>LR;  c0021004 <sys_init+4/1000>",
                ">>PC;  c0020010 <do_bad+10/1000>   <=====",
                ">>r7; c0021000 <sys_init+0/1000>",
                "Trace; c0020000 <do_bad+0/1000>",
                "Trace; c0021004 <sys_init+4/1000>",
                "Code;  c0020010 <do_bad+10/1000>   <=====",
            ],
        ),
        (
            ia64,
            "e000000004400000 T fault\ne000000004401000 T sys_clone\ne000000004402000 A _end\n",
            &[
                "Using defaults from ksymoops -t elf64-ia64-little -a ia64-elf64",
                ">>IP;  e000000004400010 <fault+10/1000>   <=====",
                ">>b0;  e000000004401020 <sys_clone+20/1000>",
                ">>r1; e000000004401004 <sys_clone+4/1000>",
                "Trace; e000000004400010 <fault+10/1000>",
                "Trace; e000000004401020 <sys_clone+20/1000>",
            ],
        ),
    ] {
        let text = ours(log, map, &[]);
        let mut lines = text.lines();
        for line in expected {
            assert!(lines.any(|found| found == *line), "{line}:\n{text}");
        }
    }
}

#[test]
fn addresses_past_and_before_all_symbols() {
    let oops = "Call Trace: [<c0147ee0>] [<c0247ee0>] [<b0000000>]\n";
    let text = ours(oops, MAP, &[]);
    for line in
        ["c0147ee0 <_end+10/????>", "c0247ee0 <END_OF_CODE+100010/????>", "b0000000 Before first symbol"]
    {
        assert!(text.contains(&format!("Trace; {line}\n")), "{text}");
    }
    let (_, out, _) = run_plainly(&["--format=ksymoops", "-VKLOM", "--no-discovery"], oops.as_bytes());
    assert!(out.contains("Trace; c0147ee0 No symbols available\n"), "{out}");
    let adhoc = ours("", MAP, &["-A", "at <c0147ddf>, 12 xyz"]);
    assert_eq!(adhoc, "\n\nAdhoc c0147ddf <try_to_free_buffers+7f/170>\n\n");
}

#[test]
fn an_oops_without_code_ends_after_some_lines() {
    let oops = "Call Trace: [<c0147ddf>]\n".to_owned() + &"eth0: link up\n".repeat(6) + "Oops: 0000\n";
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    fs::write(&map, MAP).unwrap();
    let args = ["--format=ksymoops", "-VKLO", "-m", map.to_str().unwrap()];
    let (status, out, err) = run_plainly(&args, oops.as_bytes());
    assert_eq!(status, Some(1));
    let count = "1 warning issued.  Results may not be reliable.";
    assert!(out.ends_with(&format!("170>\n\nOops: 0000\n\n{count}\n")), "{out}");
    assert!(err.contains("no Code line"), "{err}");
    let one_shot = [&args[..], &["-1"]].concat();
    assert_eq!(run_plainly(&one_shot, b"nothing\n").0, Some(3));
    let (status, out, _) = run_plainly(&one_shot, [OOPS, OOPS].concat().as_bytes());
    assert_eq!((status, out.matches(">>EIP;").count()), (Some(0), 1));
    assert_eq!(run_plainly(&args, OOPS.as_bytes()).0, Some(0));
}

#[test]
fn later_kernels_are_named_too() {
    let log = include_bytes!("../../../tests/fixtures/logs/page_fault.log");
    let (_, out, _) = run_plainly(&["--format=ksymoops", "--no-discovery"], log);
    assert!(out.contains("\nCode;  ") && out.contains("RIP: 0010:"), "{out}");
}

#[test]
fn no_log_of_the_corpus_stops_it() {
    let Some(corpus) = modtest::corpus::Corpus::find() else { return };
    for sample in corpus.syzkaller() {
        let names = Rc::new(MapNames::default());
        let mut classic = Classic::new(Options::default(), |_| -> Rc<dyn AddressNames> { names.clone() });
        let mut out = Vec::new();
        liboops::stream(&*sample.log, |event| classic.read(&event, &mut out)).unwrap();
        classic.finish(&mut out).unwrap();
        let has_code = sample.log.windows(12).any(|bytes| bytes == b"Code: 48 89 ");
        assert!(!has_code || classic.oopses() > 0, "{}", sample.name);
    }
}

#[test]
fn a_merged_map_is_saved_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("map"), MAP).unwrap();
    fs::write(path("ksyms"), "c0147d60 try_to_free_buffers_R12345678\nd0800060 open\t[usb]\n").unwrap();
    let args = ["-VLO", "-k", &path("ksyms"), "-m", &path("map"), "-s", &path("saved")];
    assert_eq!(run_plainly(&args, b"").0, Some(0));
    let saved = fs::read_to_string(path("saved")).unwrap();
    assert!(saved.ends_with("c0147ed0 A _end\nd0800060   open\t[usb]\n"), "{saved}");
    let text = ours("Call Trace: [<d0800064>]\n", &saved, &[]);
    assert!(text.contains("Trace; d0800064 <open+4/????>"), "{text}");
}

#[test]
fn warnings_are_counted_in_the_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map").to_str().unwrap().to_owned();
    fs::write(&map, MAP).unwrap();
    let run = |more: &[&str]| run_plainly(&[&["--format=ksymoops", "-VKLO", "-m", &map], more].concat(), b"");
    let last = |out: &str| out.lines().last().unwrap_or_default().to_owned();
    let (status, out, _) = run(&[]);
    assert!(status == Some(0) && !out.contains("issued"), "{out}");
    let (status, out, _) = run(&["-A", "no address"]);
    assert_eq!((status, last(&out).as_str()), (Some(1), "1 warning issued.  Results may not be reliable."));
    let (status, out, _) = run(&["-A", "none", "-A", "nothing", "/nowhere/log"]);
    let both = "2 warnings and 1 error issued.  Results may not be reliable.";
    assert_eq!((status, last(&out).as_str()), (Some(1), both));
    assert!(out.contains(&format!("\n\n{both}\n")), "{out}");
}

#[test]
fn sources_are_named_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map").to_str().unwrap().to_owned();
    fs::write(&map, MAP).unwrap();
    for format in ["--format=ksymoops", "--format=annotated", "--format=json"] {
        let run = |more: &[&str]| run_plainly(&[&[format, "-VKLO", "-m", &map], more].concat(), b"").2;
        assert!(!run(&[]).contains("DEBUG"), "{format}");
        let once = run(&["-d"]);
        assert!(once.contains(&format!("DEBUG: System.map: {map}\n")), "{format}: {once}");
        assert!(once.contains("DEBUG: vmlinux: none\n") && !once.contains("merged map"), "{format}: {once}");
        let has_map = run(&["-d", "-d"]).contains("DEBUG: symbols in the merged map: ");
        assert_eq!(has_map, format == "--format=ksymoops", "{format}");
    }
}

#[test]
fn lists_of_targets_and_options_of_another_output() {
    let (status, out, _) = run_plainly(&["-t", "?"], b"");
    assert!(status == Some(0) && out.lines().any(|line| line == "elf32-i386"), "{out}");
    assert!(run_plainly(&["-a", "?"], b"").1.lines().any(|line| line == "alpha"));
    let (status, _, err) = run_plainly(&["-S", "-x"], b"nothing\n");
    assert_eq!(status, Some(1));
    assert!(err.contains("-S applies to --format=ksymoops only") && err.contains("-x applies"), "{err}");
    let bad = run_plainly(&["--format=ksymoops", "-t", "elf99"], b"");
    assert!(bad.0 == Some(2) && bad.2.contains("no such target"), "{}", bad.2);
}
