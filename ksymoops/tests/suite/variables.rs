// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters and local variables at a fault: the registers and the code are those of a program that died
//! under gdb, written down as the kernel would.

use std::path::{Path, PathBuf};
use std::process::Command;

use ksymoops::decode::{Decoder, statements};
use libksym::{BuildId, Discover, FileSearch};
use liboops::explain::StatementKind;
use modtest::compile;

/// Prints what goes into a log.
const SCRIPT: &str = r#"
import gdb
gdb.execute('run', to_string=True)
frame = gdb.newest_frame()
pc = frame.pc()
symbol = gdb.execute('info symbol %d' % pc, to_string=True).split()
block = frame.block()
while block.function is None or block.superblock.function is not None:
    block = block.superblock
# The next function begins at a multiple of 16.
size = (block.end - block.start + 15) // 16 * 16
print('PLACE %s+0x%x/0x%x' % (symbol[0], pc - block.start, size))
code = bytes(gdb.selected_inferior().read_memory(block.start, size))
print('CODE ' + ' '.join(('<%02x>' if block.start + at == pc else '%02x') % byte for at, byte in enumerate(code)))
sp = int(frame.read_register('rsp')) & 0xffffffffffffffff
stack = bytes(gdb.selected_inferior().read_memory(sp, 256))
words = ['%016x' % int.from_bytes(stack[at:at + 8], 'little') for at in range(0, 256, 8)]
print('POINTER %016x' % sp)
for row in range(0, 32, 4):
    print('STACK ' + ' '.join(words[row:row + 4]))
for name in 'rax rdx rcx rbx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15'.split():
    print('REGISTER %s %x' % (name, int(frame.read_register(name)) & 0xffffffffffffffff))
inner, outer = frame, frame.older()
while outer is not None and outer.name() is not None:
    start = gdb.execute('info symbol %d' % outer.pc(), to_string=True).split()
    offset = int(start[2]) if start[1] == '+' else 0
    if inner.type() != gdb.INLINE_FRAME:
        print('TRACE  [<%08x>] %s+0x%x' % (outer.pc(), start[0], offset))
    inner, outer = outer, outer.older()
"#;

fn build(folder: &Path, define: &str, level: &str) -> PathBuf {
    let program = folder.join(format!("crashes{define}"));
    let source = compile::source("crashes.c");
    let arguments = [
        level,
        "-falign-functions=16",
        "-mno-red-zone",
        "-g",
        "-fno-pic",
        "-no-pie",
        "-static",
        "-nostdlib",
        "-Wl,--build-id=0x0707070707070707070707070707070707070707",
        "-ffreestanding",
    ];
    let files = [define, "-o", program.to_str().unwrap(), source.to_str().unwrap()];
    compile::run("gcc", &[&arguments[..], &files[..]].concat());
    program
}

/// The log of the program's death, and the address of the fault.
fn log(folder: &Path, program: &Path, argument: &str, fault: u64) -> String {
    let script = folder.join("print.py");
    std::fs::write(&script, SCRIPT).unwrap();
    let output = Command::new("gdb")
        .args(["-nx", "-batch", "-x", script.to_str().unwrap(), "--args"])
        .args([program.to_str().unwrap(), argument])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut place, mut code, mut registers) = (String::new(), String::new(), String::new());
    let (mut pointer, mut stack, mut trace) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("PLACE", rest)) => place = rest.to_owned(),
            Some(("CODE", rest)) => code = rest.to_owned(),
            Some(("POINTER", rest)) => pointer = rest.to_owned(),
            Some(("TRACE", rest)) => trace.push_str(&format!("{rest}\n")),
            Some(("STACK", rest)) => stack.push_str(&format!(" {rest}\n")),
            Some(("REGISTER", rest)) => {
                let (name, value) = rest.split_once(' ').unwrap();
                let value = u64::from_str_radix(value, 16).unwrap();
                let name = match name {
                    "r8" => "R08".to_owned(),
                    "r9" => "R09".to_owned(),
                    other => other.to_uppercase(),
                };
                registers.push_str(&format!("{name}: {value:016x}\n"));
            }
            _ => {}
        }
    }
    format!(
        "BUG: unable to handle page fault for address: {fault:016x}\n\
         #PF: supervisor read access in kernel mode\n#PF: error_code(0x0000) - not-present page\n\
         Oops: 0000 [#1] PREEMPT SMP\nCPU: 1 PID: 321 Comm: tool Not tainted 6.1.0-9-amd64 #1\n\
         RIP: 0010:{place}\nCode: {code}\nRSP: 0018:{pointer} EFLAGS: 00010246\n{registers}Stack:\n{stack}\
         Call Trace:\n{trace}---[ end trace 0000000000000000 ]---\n"
    )
}

fn said(vmlinux: PathBuf, log: &str) -> Vec<String> {
    said_of(vmlinux, None, log)
}

/// The same if it is known which build has run.
fn said_of(vmlinux: PathBuf, build_id: Option<BuildId>, log: &str) -> Vec<String> {
    let mut decoder = Decoder::default();
    decoder.sources.build_id = build_id;
    decoder.sources.discover = Discover::all(FileSearch::Named);
    decoder.sources.vmlinux = Some(vmlinux);
    decoder.sources.kaslr.option = Some(0);
    let block = liboops::blocks(log.as_bytes()).remove(0);
    let annotations = decoder.decode(&block);
    let kinds = [StatementKind::Variable, StatementKind::Member];
    let all = statements(&annotations, 0).iter().filter(|one| kinds.contains(&one.kind));
    all.map(|one| one.text.clone()).collect()
}

#[test]
fn variables_and_the_member_that_was_accessed() {
    if !compile::is_installed("gdb") {
        eprintln!("\nSKIPPED: no gdb here");
        return;
    }
    let folder = compile::folder("variables");
    let program = build(folder.as_ref(), "-DFIRST", "-O2");
    let log = log(folder.as_ref(), &program, "a", 0x38);
    assert_eq!(
        said(program.clone(), &log),
        [
            "0x38(%rdi) is dev->tree.depth (struct device *, a parameter of member_1)",
            "parameter dev of member_1 is 0x0 (struct device *, in rdi)",
            "parameter small of member_1 is 0xfb (unsigned char, in rsi)",
            "parameter narrow of member_1 is -1 (short int, in rdx)",
            "local wide of member_1 is -1 (long int)",
        ],
        "{log}"
    );
    // Other code than that of the file: it may be another build.
    let other = log.replace("<8b>", "<3b>");
    assert_ne!(other, log);
    assert_eq!(said(program, &other), [""; 0]);
}

/// Such a file is taken by its release; another build may have the same.
#[test]
fn no_variables_by_a_file_without_a_build_id_where_one_is_wanted() {
    if !compile::is_installed("gdb") {
        eprintln!("\nSKIPPED: no gdb here");
        return;
    }
    let folder = compile::folder("variables-without-a-note");
    let program = build(folder.as_ref(), "-DFIRST", "-O0");
    let log = log(folder.as_ref(), &program, "a", 0x38);
    let wanted = || Some(BuildId::new(&[7; 20]));
    let by_note = said_of(program.clone(), wanted(), &log);
    assert!(by_note.iter().any(|line| line.starts_with("caller 1: ")), "{by_note:?}");
    compile::run("objcopy", &["-R", ".note.gnu.build-id", program.to_str().unwrap()]);
    assert_eq!(said_of(program.clone(), wanted(), &log), [""; 0]);
    // Where none is wanted, the code in the log tells.
    assert!(said(program, &log).iter().any(|line| line.starts_with("parameter dev of member_1 is 0x0")));
}

/// Up to 4.9 kernels showed the first words of the stack.
#[test]
fn variables_on_the_stack_where_the_log_shows_it() {
    if !compile::is_installed("gdb") {
        eprintln!("\nSKIPPED: no gdb here");
        return;
    }
    let folder = compile::folder("variables-on-the-stack");
    let program = build(folder.as_ref(), "-DFIRST", "-O0");
    let log = log(folder.as_ref(), &program, "a", 0x38);
    let on_stack = [
        "parameter dev of member_1 is 0x0 (struct device *, on the stack)",
        "parameter small of member_1 is 0xfb (unsigned char, on the stack)",
        "parameter narrow of member_1 is -1 (short int, on the stack)",
        "local wide of member_1 is -1 (long int, on the stack)",
    ];
    let shown = said(program.clone(), &log);
    for line in on_stack {
        assert!(shown.iter().any(|own| own == line), "{line}: {shown:?} {log}");
    }
    // That the code at the fault is the same says nothing of the callers' code.
    assert!(!shown.iter().any(|line| line.starts_with("caller")), "{shown:?}");
    let said = |program: PathBuf, log: &str| said_of(program, Some(BuildId::new(&[7; 20])), log);
    let shown = said(program.clone(), &log);
    // With the return addresses on the stack it is certain who called.
    for line in [
        "caller 1: parameter kind of run_1 is 0 (int, on the stack)",
        "caller 2: local number of start is 0 (int, on the stack)",
    ] {
        assert!(shown.iter().any(|own| own == line), "{line}: {shown:?} {log}");
    }
    // A pointer has no sign, whatever it leads to.
    let pointer = "caller 2: local argument of start is 0x";
    assert!(shown.iter().any(|own| own.starts_with(pointer)), "{shown:?}");
    // Another return address than that of the trace.
    let other = log.replace("> run_1+", "> run_2+").replace("[<", "[<1");
    assert!(!said(program.clone(), &other).iter().any(|line| line.starts_with("caller")));
    // Newer ones do not.
    let newer: String =
        log.lines().filter(|line| !line.starts_with(' ')).map(|line| format!("{line}\n")).collect();
    let shown = said(program, &newer);
    let is_unknown = |line: &&String| line.contains("wide of member_1") && line.contains("not in a register");
    assert!(shown.iter().any(|line| is_unknown(&line)), "{shown:?} {newer}");
    assert!(!shown.iter().any(|line| line.contains(" is 0") || line.contains("on the stack")), "{shown:?}");
}
