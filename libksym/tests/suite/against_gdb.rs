// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters and local variables where a program died, compared with what gdb prints at the same stop: 16
//! crashes at each of five levels of optimisation. Of memory the stack is known, as far as a log would show
//! it. So are those of the caller and of its caller, by unwind information.
//!
//! What is said to be known must have gdb's value. What is said to be optimised out must be so for gdb as
//! well.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use libksym::{CallerState, MachineState, Query, Resolver, Variable, VariableValue};
use modtest::compile as build;

use super::named;

/// Prints registers, and the variables of all frames at the instruction, with their values in hexadecimal.
const SCRIPT: &str = r#"
import gdb
def text(value):
    size = value.type.sizeof
    number = int(value.cast(gdb.lookup_type('unsigned long'))) if size == 8 else int(value)
    return '%x' % (number & 0xffffffffffffffff)
gdb.execute('run', to_string=True)
frame = gdb.newest_frame()
print('PC %x' % frame.pc())
for name in 'rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15'.split():
    print('REGISTER %s %x' % (name, int(frame.read_register(name)) & 0xffffffffffffffff))
sp = int(frame.read_register('rsp')) & 0xffffffffffffffff
stack = bytes(gdb.selected_inferior().read_memory(sp, 256))
print('STACK %x %s' % (sp, stack.hex()))
level = 0
while frame is not None and level < 3:
    block = frame.block()
    while True:
        for symbol in block:
            if not (symbol.is_argument or symbol.is_variable or symbol.is_constant) or symbol.addr_class == gdb.SYMBOL_LOC_STATIC:
                continue
            value = symbol.value(frame)
            kind = 'OUT' if value.is_optimized_out else None
            if kind is None:
                code = value.type.strip_typedefs().code
                scalar = code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM)
                try:
                    kind = text(value) if scalar else 'AGGREGATE'
                except gdb.MemoryError:
                    kind = 'MEMORY'
            print('VARIABLE %d %s %s %d %s' % (level, frame.function().name, symbol.name, symbol.is_argument, kind))
        if block.function is not None:
            break
        block = block.superblock
    is_inlined = frame.type() == gdb.INLINE_FRAME
    frame = frame.older()
    if not is_inlined and frame is not None:
        level += 1
        print('CALLER %x' % frame.pc())
"#;

type Variables = HashMap<(String, String), (bool, String)>;

/// What gdb says about a crash.
#[derive(Clone, Default)]
struct Stop {
    pc: u64,
    registers: HashMap<String, u64>,
    /// What is in memory from the stack pointer on, and that.
    stack: (u64, Vec<u8>),
    /// Where it would have returned to, and its caller.
    callers: Vec<u64>,
    /// Of the frame and of its callers, by function and name: is it a parameter, and the value.
    variables: [Variables; 3],
}

fn stop(program: &Path, script: &Path, argument: &str) -> Stop {
    let output = Command::new("gdb")
        .args(["-nx", "-batch", "-x", script.to_str().unwrap(), "--args"])
        .args([program.to_str().unwrap(), argument])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut stop = Stop::default();
    let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["PC", pc] => stop.pc = number(pc),
            ["REGISTER", name, value] => {
                stop.registers.insert((*name).to_owned(), number(value));
            }
            ["STACK", pointer, bytes] => {
                let byte = |at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap();
                stop.stack = (number(pointer), (0..bytes.len()).step_by(2).map(byte).collect());
            }
            ["CALLER", pc] => stop.callers.push(number(pc)),
            ["VARIABLE", level, function, name, is_parameter, value] => {
                let key = ((*function).to_owned(), (*name).to_owned());
                // The innermost of one name.
                let level: usize = level.parse().unwrap();
                stop.variables[level].entry(key).or_insert((*is_parameter == "1", (*value).to_owned()));
            }
            _ => {}
        }
    }
    assert!(stop.pc != 0, "gdb: {text} {}", String::from_utf8_lossy(&output.stderr));
    stop
}

impl MachineState for Stop {
    fn register(&self, number: u16) -> Option<u64> {
        let names = [
            "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
            "r14", "r15",
        ];
        self.registers.get(*names.get(usize::from(number))?).copied()
    }

    fn memory(&self, address: u64, size: u64) -> Option<u64> {
        let at = usize::try_from(address.checked_sub(self.stack.0)?).ok()?;
        let bytes = self.stack.1.get(at..at + usize::try_from(size).unwrap())?;
        let mut number = [0; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        Some(u64::from_le_bytes(number))
    }
}

/// Compares; returns how many values are known, how many of them are in memory, and how many callers have.
fn compare(resolver: &Resolver, stop: &Stop, what: &str) -> (usize, usize, usize) {
    let answer = resolver.symbolize(&Query::address(stop.pc));
    let [place] = answer.candidates.as_slice() else { panic!("{what}: {answer:?}") };
    let variables = resolver.variables(place, stop);
    assert!(!variables.is_empty(), "{what}");
    let (known, in_memory) = compare_frame(&variables, &stop.variables[0], what);
    let mut of_callers = 0;
    let mut place = place.clone();
    let mut state: Box<dyn MachineState> = Box::new(stop.clone());
    for (level, pc) in stop.callers.iter().enumerate() {
        let what = format!("{what}, caller {level}");
        // The program's first function has no caller.
        let Some(caller) = resolver.caller(&place, &*state) else { break };
        // What gdb found is where the function returns to.
        if let Some(address) = stop.memory(caller.return_slot, 8) {
            assert_eq!(address, *pc, "{what}");
        }
        let answer = resolver.symbolize(&Query::address(*pc).returning());
        let [next] = answer.candidates.as_slice() else { break };
        place = next.of_call();
        state = Box::new(Caller { caller, stop: stop.clone() });
        let Some(theirs) = stop.variables.get(level + 1) else { break };
        of_callers += compare_frame(&resolver.variables(&place, &*state), theirs, &what).0;
    }
    (known, in_memory, of_callers)
}

/// A caller, with the same memory.
struct Caller {
    caller: CallerState,
    stop: Stop,
}

impl MachineState for Caller {
    fn register(&self, number: u16) -> Option<u64> {
        self.caller.register(number)
    }

    fn memory(&self, address: u64, size: u64) -> Option<u64> {
        self.stop.memory(address, size)
    }
}

/// Compares one frame; returns how many values are known, and how many of them are in memory.
fn compare_frame(variables: &[Variable], gdb: &Variables, what: &str) -> (usize, usize) {
    let (mut known, mut in_memory) = (0, 0);
    for variable in variables {
        let key = (variable.function.clone(), variable.name.clone());
        // gdb does not show an inlined function where a piece of its code begins.
        if !gdb.keys().any(|(function, _)| *function == variable.function) {
            continue;
        }
        let Some((is_parameter, value)) = gdb.get(&key) else {
            panic!("{what}: gdb has no {key:?}: {variable:?}")
        };
        assert_eq!(*is_parameter, variable.is_parameter, "{what}: {key:?}");
        match variable.value {
            VariableValue::Known { value: own, size, address, .. } => {
                in_memory += usize::from(address.is_some());
                let mask = if size == 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
                let theirs = u64::from_str_radix(value, 16);
                let theirs = theirs.unwrap_or_else(|_| panic!("{what}: {variable:?}: gdb has {value}"));
                assert_eq!(own & mask, theirs & mask, "{what}: {key:?}");
                known += 1;
            }
            VariableValue::OptimisedOut => assert_eq!(value, "OUT", "{what}: {key:?}"),
            _ => {}
        }
    }
    // Nothing is left out.
    for key in gdb.keys() {
        let has = variables.iter().any(|own| (&own.function, &own.name) == (&key.0, &key.1));
        assert!(has, "{what}: {key:?} is missing");
    }
    (known, in_memory)
}

#[test]
fn variables_are_those_that_gdb_prints() {
    if !build::is_installed("gdb") {
        eprintln!("\nSKIPPED: no gdb here");
        return;
    }
    let folder = build::folder("against-gdb");
    let script = folder.as_ref().join("print.py");
    std::fs::write(&script, SCRIPT).unwrap();
    let (mut crashes, mut known, mut in_memory, mut callers) = (0, 0, 0, 0);
    let levels = ["-O0", "-Og", "-O1", "-O2", "-Os"].map(|level| ("gcc", level));
    // Its lists of locations are numbered, and refer to a table of addresses.
    let of_clang = [("clang", "-O1"), ("clang", "-O2")];
    let is_here = |(compiler, _): &(&str, &str)| build::is_installed(compiler);
    for (compiler, level) in levels.into_iter().chain(of_clang.into_iter().filter(is_here)) {
        let program = folder.as_ref().join(format!("crashes-{compiler}{level}"));
        let source = build::source("crashes.c");
        let arguments =
            ["-g", "-fno-pic", "-no-pie", "-static", "-nostdlib", "-ffreestanding", "-mno-red-zone"];
        let files = ["-o", program.to_str().unwrap(), source.to_str().unwrap()];
        build::run(compiler, &[&[level], &arguments[..], &files[..]].concat());
        let sources = named(|sources| {
            sources.vmlinux = Some(program.clone());
            sources.kaslr.option = Some(0);
        });
        let resolver = Resolver::new(sources);
        for letter in 'a'..='p' {
            let stop = stop(&program, &script, &letter.to_string());
            let (all, of_them, of_callers) =
                compare(&resolver, &stop, &format!("{compiler} {level} {letter}"));
            known += all;
            in_memory += of_them;
            callers += of_callers;
            crashes += 1;
        }
    }
    eprintln!(
        "\ncrashes: {crashes}, variables with values: {known}, in memory: {in_memory}, of callers: {callers}"
    );
    assert!(known >= 120 && in_memory >= 40 && callers >= 40, "{known} {in_memory} {callers}");
}
