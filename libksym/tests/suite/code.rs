// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembly of `Code:` lines.

use libksym::code::{
    AccessKind, Architecture, CodeBytes, CodeError, Context, FileCode, Function, Listing, Trap, decode,
};
use proptest::prelude::*;

/// A context with every field.
fn context<'a>(
    pc: Option<u64>,
    register: &'a dyn Fn(&str) -> Option<u64>,
    fault_address: Option<u64>,
    symbolize: &'a dyn Fn(u64) -> Option<String>,
) -> Context<'a> {
    let mut context = Context::default();
    (context.pc, context.register, context.fault_address, context.symbolize) =
        (pc, register, fault_address, symbolize);
    context
}

/// Parses the hexadecimal bytes of a report.
fn line(text: &str) -> CodeBytes {
    let mut code = CodeBytes::default();
    for (index, word) in text.split_whitespace().enumerate() {
        let digits = word.trim_matches(['<', '>']);
        if digits.len() < word.len() {
            code.marker = Some(index);
        }
        code.bytes.push(u8::from_str_radix(digits, 16).unwrap());
    }
    code
}

fn decoded(text: &str, pc: u64, registers: &[(&str, u64)], fault_address: Option<u64>) -> Listing {
    let register = |name: &str| registers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let symbolize = |address: u64| Some(format!("at_{address:x}"));
    let context = context(Some(pc), &register, fault_address, &symbolize);
    decode(Architecture::X86_64, &line(text), &context).unwrap()
}

/// sysrq-c on 6.1: the store to address 0.
const CRASH: &str = "e8 14 68 c5 ff 48 8b 1d 1e 3c 6c 01 eb d0 66 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 44 \
                     00 00 0f 1f 44 00 00 c7 05 4d 12 1d 01 01 00 00 00 <c6> 04 25 00 00 00 00 01 c3 cc \
                     cc cc cc 0f 1f 44 00 00";

#[test]
fn marks_the_trap_and_its_access() {
    let listing = decoded(CRASH, 0xffff_ffff_8170_0000, &[], Some(0));
    let trap = &listing.instructions[listing.marked.unwrap()];
    assert_eq!((trap.text.as_str(), trap.offset, trap.address), ("movb $0x1,0x0", 0, 0xffff_ffff_8170_0000));
    assert_eq!(listing.skipped, 0);
    assert!(listing.instructions.iter().all(|instruction| instruction.valid), "{listing:#?}");
    let [access] = &listing.access[..] else { panic!("{listing:#?}") };
    assert_eq!((access.kind, access.size, access.is_fault), (AccessKind::Write, 1, Some(true)));
    let bytes: usize = listing.instructions.iter().map(|instruction| instruction.bytes.len()).sum();
    assert_eq!(bytes, line(CRASH).bytes.len(), "no byte is lost");
}

#[test]
fn names_branch_and_relative_targets() {
    let listing = decoded("<e8> fb 00 00 00 48 8b 05 f1 00 00 00 74 02 c3", 0x1000, &[], None);
    let targets: Vec<_> = listing.instructions.iter().map(|i| (i.target, i.symbol.as_deref())).collect();
    assert_eq!(targets[0], (Some(0x1100), Some("at_1100")));
    assert_eq!(targets[1], (Some(0x10fd), Some("at_10fd")));
    assert_eq!(targets[2], (Some(0x1010), Some("at_1010")));
    assert_eq!(targets[3], (None, None));
}

#[test]
fn works_out_addresses_from_registers() {
    let registers = [("rax", 0x6b6b_6b6b_6b6b_6b6b), ("rcx", 2), ("gs_base", 0xffff_8880_0000_0000)];
    let fault = Some(0x6b6b_6b6b_6b6b_6b8b);
    let listing = decoded("<48> 8b 54 c8 10", 0x1000, &registers, fault);
    let access = &listing.access[0];
    assert_eq!(access.operand, "0x10(%rax,%rcx,8)");
    assert_eq!((access.address, access.is_fault, access.size), (fault, Some(true), 8));
    assert_eq!(access.registers, [("rax".to_owned(), Some(registers[0].1)), ("rcx".to_owned(), Some(2))]);
    // mov %gs:0x20,%rax: relative to the segment's base.
    let listing = decoded("<65> 48 8b 04 25 20 00 00 00", 0x1000, &registers, Some(1));
    assert_eq!(listing.access[0].address, Some(0xffff_8880_0000_0020));
    assert_eq!(listing.access[0].is_fault, Some(false));
    // An unknown register leaves the address unknown.
    let listing = decoded("<48> 8b 03", 0x1000, &registers, fault);
    assert_eq!((listing.access[0].address, listing.access[0].is_fault), (None, None));
    // lea accesses no memory.
    assert!(decoded("<48> 8d 44 c8 10", 0x1000, &registers, fault).access.is_empty());
}

/// For each memory operand of the marked instruction: is it the one that failed?
fn faults(text: &str, registers: &[(&str, u64)], fault: u64) -> Vec<Option<bool>> {
    decoded(text, 0x1000, registers, Some(fault)).access.iter().map(|access| access.is_fault).collect()
}

#[test]
fn with_rep_what_follows_is_accessed_too() {
    // rep movsq: from %rsi to %rdi.
    const MOVE: &str = "<f3> 48 a5";
    let at = |rdi, rcx, rflags| [("rdi", rdi), ("rsi", 0x10_0000), ("rcx", rcx), ("rflags", rflags)];
    let listing = decoded(MOVE, 0, &at(0xffff_c900_0012_3ffc, 16, 0x10246), Some(0xffff_c900_0012_4000));
    let written = listing.access.iter().find(|access| access.kind == AccessKind::Write).unwrap();
    assert_eq!((written.size, written.repeated, written.is_fault), (8, true, Some(true)));
    let read = listing.access.iter().find(|access| access.kind == AccessKind::Read).unwrap();
    assert_eq!((read.size, read.is_fault), (8, None), "never a no");
    let is_one = |registers: &[(&str, u64)], fault| faults(MOVE, registers, fault).contains(&Some(true));
    // 16 elements of 8 bytes, upwards, and with the direction flag downwards.
    assert!(is_one(&at(0x20_0000, 16, 0), 0x20_007f) && !is_one(&at(0x20_0000, 16, 0), 0x20_0080));
    let down = at(0x20_0000, 16, 0x400);
    assert!(is_one(&down, 0x20_0007) && !is_one(&down, 0x20_0008));
    assert!(is_one(&down, 0x20_0000 - 15 * 8) && !is_one(&down, 0x20_0000 - 15 * 8 - 1));
    // Nothing is left to do, or it is not known how much.
    assert_eq!(faults(MOVE, &at(0x20_0000, 0, 0), 0x20_0000), [None, None]);
    assert_eq!(faults(MOVE, &[("rdi", 0x20_0000)], 0x20_0000), [None, None]);
    // Without rep only one element is accessed.
    assert!(faults("<48> a5", &at(0x20_0000, 0, 0), 0x20_0008).contains(&Some(false)));
}

#[test]
fn without_an_instruction_pointer_what_is_relative_to_it_is_unknown() {
    for (text, operand) in [
        ("<48> 8b 05 f9 ff 00 00", "0xfff9(%rip)"),
        ("<65> ff 05 ff ff ff ff", "%gs:-0x1(%rip)"),
        ("<48> 8b 05 00 00 00 00", "0x0(%rip)"),
    ] {
        let register = |name: &str| (name == "gs_base").then_some(0x1000);
        let context = context(None, &register, Some(7), &|_| None);
        let listing = decode(Architecture::X86_64, &line(text), &context).unwrap();
        let access = &listing.access[0];
        assert_eq!((access.operand.as_str(), access.address, access.is_fault), (operand, None, None));
        assert!(access.registers.contains(&("rip".to_owned(), None)));
    }
}

#[test]
fn an_access_may_reach_the_next_page() {
    // mov 0x0(%rax),%rax
    let read = |rax, fault| faults("<48> 8b 00", &[("rax", rax)], fault);
    assert_eq!(read(0x1ffc, 0x2000), [Some(true)]);
    assert_eq!(read(0x1ff8, 0x2000), [Some(false)]);
    assert_eq!(read(0x1ffc, 0x2800), [Some(true)], "some tell the page only");
    assert_eq!(read(0x1000, 0x1008), [Some(false)]);
    // xsave (%rax): how much it writes is not known.
    assert_eq!(faults("<0f> ae 20", &[("rax", 0x1000), ("rdx", 0)], 0x1200), [None]);
}

#[test]
fn registers_of_32_bits_have_their_names() {
    let register = |name: &str| (name == "eax").then_some(0xc000_0000);
    let context = context(None, &register, Some(0xc000_0004), &|_| None);
    let listing = decode(Architecture::X86, &line("90 <8b> 50 04"), &context).unwrap();
    assert_eq!(listing.access[0].is_fault, Some(true), "{listing:#?}");
    assert_eq!(listing.instructions[0].address, u64::MAX, "counted from the mark");
}

#[test]
fn names_traps() {
    for (text, kind) in [
        ("<0f> 0b", Some(Trap::Bug)),
        ("<0f> b9 40 02", Some(Trap::Sanitizer)),
        ("<67> 0f b9 40 02", Some(Trap::Sanitizer)),
        // __WARN_trap: ud1 (%edx),%rdi.
        ("<67> 48 0f b9 3a", Some(Trap::Warn)),
        ("<0f> b9 c1", None),
        ("<0f> ff c1", Some(Trap::OldWarn)),
        ("<cc>", Some(Trap::Breakpoint)),
        ("<90>", None),
    ] {
        assert_eq!(decoded(text, 0, &[], None).trap, kind, "{text}");
    }
}

#[test]
fn finds_the_first_whole_instruction() {
    // The bytes start within a `movabs $0x...,%rax`. Decoded from there, an instruction would run over
    // the marker.
    let listing = decoded("ff 48 b8 90 <48> 8b 07", 0x1000, &[], None);
    assert_eq!(listing.instructions[listing.marked.unwrap()].offset, 0);
    assert!(listing.instructions.iter().all(|instruction| instruction.valid), "{listing:#?}");
}

/// The texts of the instructions before the mark.
fn before_mark(listing: &Listing) -> Vec<&str> {
    listing.instructions[..listing.marked.unwrap()].iter().map(|one| one.text.as_str()).collect()
}

#[test]
fn what_precedes_the_mark_is_what_a_kernel_has() {
    // The line begins with the last three bytes of an instruction. Read from its first byte on, it would be
    // `add $0x89410000,%eax`, which no kernel has there.
    let listing = decoded("05 00 00 41 89 c6 41 d3 ee 80 f9 1f 31 d2 <48> f7 f1 39 c5", 0x1000, &[], None);
    let instructions = ["mov %eax,%r14d", "shr %cl,%r14d", "cmp $0x1f,%cl", "xor %edx,%edx"];
    assert_eq!(before_mark(&listing), instructions);
    assert_eq!(listing.skipped, 3);
    assert!(listing.instructions.iter().all(|one| !one.doubtful), "{listing:#?}");
    // `mov %rdi,%rbx` without its first byte would be `mov %edi,%ebx`: not to be told apart, so not shown.
    let listing = decoded("89 fb 48 83 ec 08 e8 00 10 00 00 <48> 8b 07", 0xffff_ffff_8100_0000, &[], None);
    assert_eq!(before_mark(&listing), ["sub $0x8,%rsp", "call 0xffffffff81001000"]);
}

#[test]
fn prefixes_are_not_repeated() {
    // KASAN fills its shadow: `movl $0xf2f2f2f2,0x20(%rax)`, of which the end is here.
    let text = "20 f2 f2 f2 f2 c7 40 24 00 f2 f2 f2 65 48 8b 04 25 28 00 00 00 <48> 89 45 d0";
    let listing = decoded(text, 0xffff_ffff_8100_0000, &[], None);
    assert_eq!(before_mark(&listing), ["mov %gs:0x28,%rax"], "not `movl` with four prefixes f2");
}

#[test]
fn a_function_begins_with_an_instruction() {
    // The bytes in front of the function are `00 00 00 00 48 b8`, of which the last two would take `55 48
    // ...` for a number.
    let text = "00 00 00 00 48 b8 55 48 89 e5 53 48 89 fb <48> 8b 07";
    let register = |_: &str| None;
    let mut context = context(Some(0xffff_ffff_8100_0008), &register, None, &|_| None);
    context.function = Some(Function::new("f", 8));
    let listing = decode(Architecture::X86_64, &line(text), &context).unwrap();
    assert!(before_mark(&listing).ends_with(&["push %rbp", "mov %rsp,%rbp", "push %rbx", "mov %rdi,%rbx"]));
}

#[test]
fn a_general_protection_address_may_lack_the_displacement() {
    // testb $0x1,0x84(%rax)
    let read = |rax, fault| faults("<f6> 80 84 00 00 00 01", &[("rax", rax)], fault);
    assert_eq!(read(0x8030_0000_0000_0000, 0x8030_0000_0000_0000), [Some(true)]);
    assert_eq!(read(0x8030_0000_0000_0000, 0x8030_0000_0000_0084), [Some(true)]);
    assert_eq!(read(0x8030_0000_0000_0000, 0x8030_0000_0000_0010), [Some(false)]);
    assert_eq!(read(0x1000, 0x1000), [Some(false)], "of a page fault the address is exact");
}

#[test]
fn targets_without_symbols_are_counted_from_the_function() {
    let function = |offset| {
        let mut function = Function::new("f", offset);
        (function.module, function.size) = (Some("m"), Some(0x40));
        Some(function)
    };
    // je +2; jmp -0x10; call +0x100
    let code = line("<74> 02 eb f0 e8 00 01 00 00");
    let targets = |context: &Context<'_>| {
        let listing = decode(Architecture::X86_64, &code, context).unwrap();
        let one = |i: &libksym::code::Instruction| (i.text.clone(), i.symbol.clone());
        listing.instructions.iter().map(one).collect::<Vec<_>>()
    };
    let pair = |text: &str, symbol: &str| (text.to_owned(), Some(symbol.to_owned()));
    let mut context = Context::default();
    context.function = function(8);
    let without_pc =
        [pair("je .+0x4", "f+0xc [m]"), pair("jmp .-0xe", "f-0x4 [m]"), pair("call .+0x105", "f+0x111 [m]")];
    assert_eq!(targets(&context), without_pc);
    context.pc = Some(0xffff_ffff_8100_0008);
    assert_eq!(targets(&context)[1], pair("jmp 0xffffffff80fffffc", "f-0x4 [m]"));
    (context.pc, context.function) = (None, None);
    assert_eq!(targets(&context)[0], ("je .+0x4".to_owned(), None));
}

#[test]
fn the_file_tells_where_instructions_start_and_what_was_patched() {
    // call ftrace; push %rbp; mov $0x81000000,%edi; call f+0x20; mov (%rdi),%rax
    let file = line("e8 10 20 30 00 55 bf 00 00 00 81 e8 10 00 00 00 48 8b 07");
    // At run time ftrace's call is a no-op, the kernel was moved, and the call goes elsewhere.
    let code = line("0f 1f 44 00 00 55 bf 00 00 20 92 e8 12 00 00 00 <48> 8b 07");
    let mut context = Context::default();
    let mut function = Function::new("f", 16);
    function.in_file = Some(FileCode { bytes: &file.bytes, is_linked: true });
    context.function = Some(function);
    let listing = decode(Architecture::X86_64, &code, &context).unwrap();
    let patched: Vec<_> =
        listing.instructions.iter().map(|one| (one.patched, one.in_file.as_deref())).collect();
    let (ftrace, call) = ("call 0x302005 <f+0x302015>", "call 0x10 <f+0x20>");
    let expected = [(true, Some(ftrace)), (false, None), (false, None), (true, Some(call)), (false, None)];
    assert_eq!(patched, expected);
    assert_eq!((listing.skipped, listing.instructions[0].doubtful), (0, false));
    // Cut in the middle of an instruction, the file says where the next one starts.
    let code = line("44 00 00 55 bf 00 00 20 92 e8 12 00 00 00 <48> 8b 07");
    let listing = decode(Architecture::X86_64, &code, &context).unwrap();
    assert_eq!((listing.skipped, listing.instructions[0].doubtful), (3, false));
    // A file that has no instruction at the mark is no help, and does no harm.
    function.offset = 15;
    context.function = Some(function);
    let listing = decode(Architecture::X86_64, &code, &context).unwrap();
    assert!(listing.instructions.iter().all(|one| !one.patched));
}

#[test]
fn the_last_instruction_may_be_cut() {
    let listing = decoded("<90> 48 8b", 0x1000, &[], None);
    let last = listing.instructions.last().unwrap();
    assert_eq!((last.text.as_str(), last.valid, last.bytes.len()), ("(cut)", false, 2));
}

#[test]
fn refuses_what_cannot_be_decoded() {
    let context = Context::default();
    let decode = |architecture, code: CodeBytes| decode(architecture, &code, &context).unwrap_err();
    assert_eq!(decode(Architecture::X86_64, CodeBytes::default()), CodeError::Empty);
    let code = CodeBytes::new(vec![0x90], Some(1));
    assert_eq!(decode(Architecture::X86_64, code), CodeError::Marker { marker: 1, size: 1 });
}

/// Those that are always there, and those of capstone.
const ARCHITECTURES: [Architecture; 17] = [
    Architecture::X86_64,
    Architecture::X86,
    Architecture::Arm64,
    Architecture::Arm,
    Architecture::Thumb,
    Architecture::Riscv32,
    Architecture::Riscv64,
    Architecture::PowerPc64,
    Architecture::PowerPc64Le,
    Architecture::PowerPc,
    Architecture::S390x,
    Architecture::Mips,
    Architecture::MipsLe,
    Architecture::MicroMips,
    Architecture::Mips64,
    Architecture::Mips64Le,
    Architecture::Sparc64,
];

proptest! {
    #[test]
    fn any_bytes_decode(
        bytes in prop::collection::vec(any::<u8>(), 1..80),
        file in prop::collection::vec(any::<u8>(), 0..80),
        mark in 0_usize..80,
        value: u64,
        offset in 0_u64..80,
    ) {
        let mut code = CodeBytes::new(bytes.clone(), Some(mark % bytes.len()));
        code.begins_with_instruction = value & 8 == 0;
        let register = |_: &str| Some(value);
        let mut context = context(Some(value), &register, Some(value), &|_| None);
        let mut function = Function::new("f", offset);
        function.in_file = Some(FileCode { bytes: &file, is_linked: value & 1 == 0 });
        for architecture in ARCHITECTURES {
            (context.function, context.pc) = (Some(function).filter(|_| value & 2 == 0), Some(value).filter(|_| value & 4 == 0));
            let Ok(listing) = decode(architecture, &code, &context) else {
                prop_assert!(!matches!(architecture, Architecture::X86_64 | Architecture::X86));
                continue;
            };
            let shown: Vec<u8> = listing.instructions.iter().flat_map(|i| i.bytes.clone()).collect();
            prop_assert_eq!(&shown, &code.bytes[listing.skipped..]);
            let trap = &listing.instructions[listing.marked.unwrap()];
            prop_assert_eq!(trap.offset, 0);
        }
    }
}

#[cfg(feature = "capstone")]
#[test]
fn other_processors() {
    for (architecture, text, expected, target) in [
        (Architecture::Arm64, "1f 20 03 d5 <01> 00 40 f9 fe ff ff 97", "ldr x1, [x0]", Some(0xffc)),
        (Architecture::Arm, "00 00 a0 e3 <00> 50 c3 e5 fe ff ff eb", "strb r5, [r3]", Some(0x1004)),
        (Architecture::Thumb, "00 bf <1b> 68 fe e7", "ldr r3, [r3]", Some(0x1002)),
        (Architecture::Riscv64, "01 00 <03> 35 05 00 82 80", "ld a0,0(a0)", None),
        (Architecture::Riscv64, "01 00 <03> 35 05 00 ef f0 5f ff", "ld a0,0(a0)", Some(0xff8)),
        (Architecture::Riscv32, "01 00 <83> 27 05 00 91 c3", "lw a5,0(a0)", Some(0x1008)),
        (Architecture::PowerPc64, "60 00 00 00 <e8> 63 00 00", "ld r3,0(r3)", None),
        (Architecture::PowerPc64Le, "00 00 00 60 <00> 00 63 e8", "ld r3,0(r3)", None),
        (Architecture::PowerPc, "<81> 23 00 04 4b ff ff fc", "lwz r9,4(r3)", Some(0x1000)),
        (Architecture::S390x, "<e3> 20 10 00 00 04", "lg %r2,0(%r1)", None),
        (Architecture::S390x, "<e3> 20 10 00 00 04 c0 e5 ff ff ff fd", "lg %r2,0(%r1)", Some(0x1000)),
        (Architecture::Mips, "<8c> 82 00 10 10 40 ff fe", "lw v0,0x10(a0)", Some(0x1000)),
        (Architecture::Mips64, "<dc> 82 00 10", "ld v0,0x10(a0)", None),
    ] {
        let symbolize = |address: u64| Some(format!("at_{address:x}"));
        let context = context(Some(0x1000), &|_| None, None, &symbolize);
        let listing = decode(architecture, &line(text), &context).unwrap();
        assert_eq!(listing.instructions[listing.marked.unwrap()].text, expected, "{architecture}");
        assert!(listing.instructions.iter().all(|instruction| instruction.valid), "{listing:#?}");
        assert_eq!(listing.instructions.last().unwrap().target, target, "{architecture}");
    }
}

#[cfg(feature = "capstone")]
#[test]
fn of_instructions_of_two_or_four_bytes_only_the_first_half_is_doubtful() {
    for (architecture, text, expected) in [
        // The first half may be the second of an instruction before it.
        (Architecture::Riscv64, "41 01 82 80 13 00 00 00 <1c> 69", vec!["c.jr ra", "nop"]),
        (
            Architecture::Thumb,
            "02 4b 1b 68 0b b1 00 20 <1b> 69",
            vec!["ldr r3, [r3]", "cbz r3, .+0x6", "movs r0, #0"],
        ),
    ] {
        let context = context(None, &|_| None, None, &|_| None);
        let listing = decode(architecture, &line(text), &context).unwrap();
        assert_eq!(before_mark(&listing), expected, "{architecture}");
    }
}

#[cfg(feature = "capstone")]
#[test]
fn where_the_kernel_disassembled_the_first_byte_starts_an_instruction() {
    // stmg; lgr; lg; stg, of six, four, six and six bytes.
    let mut code = line("eb 6f f0 48 00 24 b9 04 00 ef e3 20 10 00 00 04 <e3> 30 10 08 00 24");
    code.begins_with_instruction = true;
    let register = |name: &str| (name == "r1").then_some(0x10);
    // The address of the fault has the page only.
    let context = context(Some(0x1000), &register, Some(0), &|_| None);
    let listing = decode(Architecture::S390x, &code, &context).unwrap();
    let texts = ["stmg %r6,%r15,0x48(%r15)", "lgr %r14,%r15", "lg %r2,0(%r1)"];
    assert_eq!(before_mark(&listing), texts);
    let access = &listing.access[0];
    assert_eq!((access.kind, access.address, access.is_fault), (AccessKind::Write, Some(0x18), Some(true)));
    assert_eq!(listing.instructions[0].encoding, "eb 6f f0 48 00 24");
}

#[cfg(feature = "capstone")]
#[test]
fn loads_and_stores_of_other_processors() {
    let registers = [("x0", 0x10), ("r3", 0x10), ("a0", 0x10), ("zero", 0)];
    let register = |name: &str| registers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    for (architecture, text, encoding, operand, address) in [
        (Architecture::Arm64, "<01> 04 40 f9", "f9400401", "[x0, #8]", 0x18),
        (Architecture::Arm, "<04> 50 c3 e5", "e5c35004", "[r3, #4]", 0x14),
        (Architecture::Thumb, "<5a> 68", "685a", "[r3, #4]", 0x14),
        (Architecture::Thumb, "<d3> f8 04 20", "f8d3 2004", "[r3, #4]", 0x14),
        (Architecture::Riscv64, "<18> 49", "4918", "0x10(a0)", 0x20),
        (Architecture::PowerPc64Le, "<08> 00 23 e9", "e9230008", "8(r3)", 0x18),
        (Architecture::PowerPc, "<7d> 23 18 2e", "7d23182e", "(r3,r3)", 0x20),
        (Architecture::Mips, "<8c> 82 00 10", "8c820010", "0x10(a0)", 0x20),
    ] {
        let context = context(Some(0x1000), &register, Some(address), &|_| None);
        let listing = decode(architecture, &line(text), &context).unwrap();
        let [access] = &listing.access[..] else { panic!("{architecture}: {listing:#?}") };
        assert_eq!(
            (access.operand.as_str(), access.address, access.is_fault),
            (operand, Some(address), Some(true)),
            "{architecture}"
        );
        assert_eq!(listing.instructions[0].encoding, encoding);
    }
}

#[test]
fn loongarch_is_decoded_without_capstone() {
    // addi.d, st.d, the marked ld.d, ret.
    let code = line("63 c0 ff 02 61 20 c0 29 <84> 40 c0 28 20 00 00 4c");
    let register = |name: &str| (name == "a0").then_some(0);
    let context = context(Some(0x1008), &register, Some(0x10), &|_| None);
    let listing = decode(Architecture::LoongArch64, &code, &context).unwrap();
    let texts: Vec<_> = listing.instructions.iter().map(|instruction| instruction.text.as_str()).collect();
    assert_eq!(texts, ["addi.d $sp, $sp, -16", "st.d $ra, $sp, 8", "ld.d $a0, $a0, 16", "ret"]);
    assert_eq!((listing.marked, listing.access[0].is_fault), (Some(2), Some(true)));
    assert_eq!(listing.instructions[2].encoding, "28c04084");
}

#[cfg(not(feature = "capstone"))]
#[test]
fn says_which_processor_it_does_not_know() {
    let context = Context::default();
    let error = decode(Architecture::Arm64, &line("00 00 00 00"), &context).unwrap_err();
    assert_eq!(error.to_string(), "no disassembler for arm64 is built in");
}
