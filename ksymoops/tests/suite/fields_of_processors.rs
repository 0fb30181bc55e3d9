// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers, fault addresses and stack words that point into persistent data, in reports of 32-bit and of
//! big-endian processors, and of those whose modules are at low addresses.

use std::fs;
use std::path::{Path, PathBuf};

use ksymoops::decode::Decoder;
use ksymoops::persistent::{FieldNames, KnownRegion};
use libksym::{Discover, FileSearch};
use libmodfmt::elf::Object;
use libmodfmt::persist::{Inventory, PersistentDebugInfo};
use modtest::compile;

use super::support;

/// A build id, which the linker would add.
const BUILD_ID: &str = "static const struct { int sizes[2], kind; char name[4], id[20]; } build_id\n\
    __attribute__((section(\".note.gnu.build-id\"), used)) = { { 4, 20 }, 3, \"GNU\", { 1, 2, 3 } };\n";

struct Processor {
    name: &'static str,
    /// A compiler with options.
    compiler: &'static [&'static str],
    /// Where the persistent data is.
    data: u64,
    /// Offset of `stats.hits[1]` in the variable.
    offset: u64,
    /// A report with `@` where the address is, and how many registers, addresses and words of the stack they
    /// are.
    log: &'static str,
    count: usize,
}

const PROCESSORS: &[Processor] = &[
    Processor {
        name: "i386",
        compiler: &["gcc", "-m32"],
        data: 0xf8a0_1000,
        offset: 8 + 4,
        log: "BUG: unable to handle page fault for address: @\n#PF: supervisor write access in kernel mode\nEIP: f+0x1/0x2 [keep]\nEAX: @ EBX: 00000001 ECX: 00000002 EDX: 00000003\nESI: 00000063 EDI: @ EBP: c2b7fe90 ESP: c2b7fe8c\nStack: c0123456 @\n       00000000 @\n",
        count: 5,
    },
    Processor {
        name: "arm",
        compiler: &["arm-linux-gnueabihf-gcc"],
        data: 0x7f00_5000,
        offset: 8 + 4,
        log: "Unable to handle kernel paging request at virtual address @\nInternal error: Oops: 805 [#1] SMP ARM\nPC is at f+0x1/0x2 [keep]\npc : [<7f0000a2>]    lr : [<7f0000f1>]    psr: 60000013\nsp : e0981e90  ip : @  fp : 00000000\nr3 : @  r2 : 00000001  r1 : 00000002  r0 : 00000004\nStack: (0xe0981e90 to 0xe0982000)\n1e80:                                     @ 00000000 00000000 @\n",
        count: 4,
    },
    Processor {
        name: "aarch64",
        compiler: &["aarch64-linux-gnu-gcc"],
        data: 0xffff_8000_7a00_5000,
        offset: 16 + 4,
        log: "Unable to handle kernel paging request at virtual address @\nInternal error: Oops: 96000044 [#1] SMP\npc : f+0x1/0x2 [keep]\nlr : g+0x1/0x2 [keep]\nx29: ffff80000a2d3c00 x28: @\nx1 : @ x0 : 0000000000000010\n",
        count: 3,
    },
    Processor {
        name: "s390x",
        compiler: &["s390x-linux-gnu-gcc"],
        data: 0x3ff_8086_d000,
        offset: 16 + 4,
        log: "Unable to handle kernel pointer dereference in virtual kernel address space\nFailing address: 000003ff8086d000 TEID: 000003ff8086d483\nOops: 0004 ilc:3 [#1] SMP \nKrnl PSW : 0704c00180000000 000003ff80000056 (f+0x16/0x30 [keep])\nKrnl GPRS: @ 0000000000000000 0000000000000000 0000000000000000\n           0000000000000000 0000000000000000 @ 0000000000000000\n",
        count: 2,
    },
    Processor {
        name: "ppc",
        compiler: &["clang", "--target=powerpc-linux-gnu"],
        data: 0xd107_c000,
        offset: 8 + 4,
        log: "Unable to handle kernel paging request for data at address 0x@\nFaulting instruction address: 0xd1070040\nOops: Kernel access of bad area, sig: 11 [#1]\nNIP: d1070040 LR: c0101200 CTR: c0101200\nREGS: cf9c5d90 TRAP: 0300   Not tainted  (2.6.30)\nMSR: 00009032 <EE,ME,IR,DR>  CR: 24002482  XER: 00000000\nDAR: @, DSISR: 40000000\nGPR00: c0101200 cf9c5e40 cf8e4860 @ 00000001 00000002 00000003 00000004 \nNIP [d1070040] f+0x34/0x40 [keep]\n",
        count: 3,
    },
    Processor {
        name: "mips",
        compiler: &["clang", "--target=mips-linux-gnu"],
        data: 0xc000_6000,
        offset: 8 + 4,
        log: "CPU 0 Unable to handle kernel paging request at virtual address @, epc == c0004234, ra == 80101200\nOops[#1]:\n$ 0   : 00000000 00000001 00000002 @\nepc   : c0004234 f+0x34/0x40 [keep]\nra    : 80101200 caller+0x10/0x40\nBadVA : @\nStack : 80101200 @ 00000000 00000000\n",
        count: 4,
    },
    Processor {
        name: "mips64 big-endian",
        compiler: &["clang", "--target=mips64-linux-gnuabi64"],
        data: 0xffff_ffff_c000_6000,
        offset: 16 + 4,
        log: "CPU 0 Unable to handle kernel paging request at virtual address @, epc == ffffffffc0004234, ra == ffffffff80101200\nOops[#1]:\n$ 0   : 0000000000000000 0000000000000001 0000000000000002 @\nepc   : ffffffffc0004234 f+0x34/0x40 [keep]\nra    : ffffffff80101200 caller+0x10/0x40\nBadVA : @\n",
        count: 3,
    },
    Processor {
        name: "riscv64",
        compiler: &["clang", "--target=riscv64-linux-gnu", "-mno-relax"],
        data: 0xffff_ffff_0163_a000,
        offset: 16 + 4,
        log: "Unable to handle kernel paging request at virtual address @\nOops [#1]\nepc : f+0x10/0x20 [keep]\n ra : g+0x8/0x20 [keep]\nepc : ffffffff01634010 ra : ffffffff01634028 sp : ff2000000040bc90\n a0 : @ a1 : 0000000000000000\nstatus: 0000000200000120 badaddr: @ cause: 000000000000000f\n",
        count: 3,
    },
];

/// Compiles the fixture; `None`, with a note, if there is no such compiler.
fn build(processor: &Processor, folder: &Path) -> Option<PathBuf> {
    let (program, options) = processor.compiler.split_first().unwrap();
    if !compile::is_installed(program) {
        println!("skipped: no {program}");
        return None;
    }
    let (source, module) = (folder.join("keep.c"), folder.join("keep.ko"));
    let text = fs::read_to_string(compile::source("persistent.c")).unwrap();
    fs::write(&source, format!("{text}{BUILD_ID}")).unwrap();
    let all = ["-c", "-g", "-O2", "-fno-pic", "-o", module.to_str().unwrap(), source.to_str().unwrap()];
    compile::run(program, &[options, &all].concat());
    Some(module)
}

/// `typed`: the header brings the types along, else the file's debug information has to tell.
fn region(module: &Path, data: u64, typed: bool) -> KnownRegion {
    let bytes = fs::read(module).unwrap();
    let object = Object::parse(&bytes).unwrap();
    let id = libmodfmt::module::build_id(&object).unwrap();
    let info = PersistentDebugInfo::read(&object, None);
    let mut header =
        Inventory::of(&object, "keep", Some(id.as_slice()), &info.variables).unwrap().unwrap().header;
    if typed {
        header.types = info.types;
    } else {
        let variables = header.units.iter_mut().flat_map(|unit| &mut unit.variables);
        variables.for_each(|variable| variable.type_id = None);
    }
    KnownRegion {
        addresses: header
            .units
            .iter()
            .map(|unit| (unit.section == ".data..persistent").then_some(data))
            .collect(),
        header,
        file: None,
        source: "a test".to_owned(),
        owner_loaded: Some(false),
        discarded: false,
    }
}

#[test]
fn fields_on_every_processor() {
    let mut tried = 0;
    for processor in PROCESSORS {
        let folder = tempfile::tempdir().unwrap();
        let Some(module) = build(processor, folder.path()) else { continue };
        let header = region(&module, processor.data, true).header;
        let variables = || header.units.iter().flat_map(|unit| &unit.variables);
        let state = variables().find(|variable| variable.name == "state").unwrap();
        let address = processor.data + state.offset + processor.offset;
        let digits = if processor.data >> 32 == 0 { 8 } else { 16 };
        let log = processor.log.replace('@', &format!("{address:0digits$x}"));
        for typed in [true, false] {
            let mut decoder = Decoder::default();
            decoder.sources.discover = Discover::all(FileSearch::Named);
            if !typed {
                decoder.field_names = FieldNames::new(vec![module.clone()]);
            }
            decoder.regions.push(region(&module, processor.data, typed));
            let text = support::below_lines(&log, &decoder).join("\n");
            let found = text.lines().filter(|line| line.contains("state.stats.hits[1]")).count();
            assert_eq!(found, processor.count, "{}: {text}", processor.name);
        }
        tried += 1;
    }
    assert!(tried > 0);
}
