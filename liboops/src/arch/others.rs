// SPDX-License-Identifier: MIT OR Apache-2.0
//! Architectures whose lines are recognised as part of an oops and passed on as they are. Each gets a file of its own when it is taken apart.

use super::{Arch, Item};

/// An architecture by the beginnings of its lines.
#[derive(Debug)]
pub(super) struct Recognised {
    name: &'static str,
    beginnings: &'static [&'static [u8]],
}

impl Arch for Recognised {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read(&self, body: &[u8], _base: u64) -> Option<Item> {
        let text = body.trim_ascii_start();
        let first = text.first();
        let begins = |beginning: &&[u8]| beginning.first() == first && text.starts_with(beginning);
        self.beginnings.iter().any(begins).then_some(Item::Known)
    }
}

pub(super) const ARM64: Recognised = Recognised {
    name: "aarch64",
    beginnings: &[
        b"Mem abort info:",
        b"Data abort info:",
        b"ESR = ",
        b"pstate: ",
        b"x29: ",
        b"x28: ",
        b"x27: ",
        b"x26: ",
        b"x25: ",
        b"x24: ",
        b"x23: ",
        b"x21: ",
        b"x20: ",
        b"x18: ",
        b"x17: ",
        b"x15: ",
        b"x14: ",
        b"x12: ",
        b"x11: ",
        b"x9 : ",
        b"x8 : ",
        b"x6 : ",
        b"x5 : ",
        b"x3 : ",
        b"x2 : ",
        b"x0 : ",
        b"lr : ",
        b"swapper pgtable: ",
        b"user pgtable: ",
        b"pmr_save",
        b"Call trace:",
    ],
};

pub(super) const ARM: Recognised = Recognised {
    name: "arm",
    beginnings: &[
        b"PC is at ",
        b"LR is at ",
        b"pc : [<",
        b"pc : ",
        b"sp : ",
        b"r10: ",
        b"r7 : ",
        b"r3 : ",
        b"Flags: ",
        b"Control: ",
        b"Register r",
        b"Backtrace:",
        b"Exception stack(",
        b"pgd = ",
        b"Stack: (",
    ],
};

pub(super) const RISCV: Recognised = Recognised {
    name: "riscv64",
    beginnings: &[
        b"epc : ",
        b"ra : ",
        b"gp : ",
        b"t1 : ",
        b"s1 : ",
        b"a2 : ",
        b"a5 : ",
        b"s2 : ",
        b"s5 : ",
        b"s8 : ",
        b"s11: ",
        b"t5 : ",
        b"status: ",
    ],
};

pub(super) const POWERPC: Recognised = Recognised {
    name: "ppc64",
    beginnings: &[
        b"Faulting instruction address: ",
        b"NIP: ",
        b"NIP [",
        b"LR [",
        b"REGS: ",
        b"MSR: ",
        b"GPR",
        b"CFAR: ",
        b"DAR: ",
        b"CR: ",
        b"Instruction dump:",
        b"BE PAGE_SIZE=",
        b"LE PAGE_SIZE=",
        b"--- interrupt: ",
        b"--- Exception: ",
    ],
};

pub(super) const S390: Recognised = Recognised {
    name: "s390x",
    beginnings: &[
        b"Krnl PSW",
        b"Kernel PSW",
        b"Krnl GPRS",
        b"Krnl ACRS",
        b"Krnl Code",
        b"Failing address: ",
        b"Fault in ",
        b"R:0 T:1",
        b"Last Breaking-Event-Address:",
        b"AS:",
    ],
};

pub(super) const MIPS: Recognised = Recognised {
    name: "mips",
    beginnings: &[
        b"$ 0 ",
        b"$ 4 ",
        b"$ 8 ",
        b"$12 ",
        b"$16 ",
        b"$20 ",
        b"$24 ",
        b"$28 ",
        b"epc   : ",
        b"ra    : ",
        b"Status: ",
        b"Cause : ",
        b"BadVA : ",
        b"PrId  : ",
        b"Hi    : ",
        b"Lo    : ",
    ],
};

pub(super) const LOONGARCH: Recognised = Recognised {
    name: "loongarch64",
    beginnings: &[
        b"pc ", b"a0 ", b"a4 ", b"t0 ", b"t4 ", b"t8 ", b"s1 ", b"s5 ", b"ERA: ", b"CRMD: ", b"PRMD: ",
        b"EUEN: ", b"ECFG: ", b"ESTAT: ", b"BADV: ", b"PRID: ",
    ],
};
