// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors when system calls are traced: the registers that have a call's number,
//! arguments and result, how to keep the kernel from carrying it out, and calls that only old ones have.

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{getregs, setregs};
use nix::unistd::Pid;

/// A process's registers.
pub(super) type Registers = libc::user_regs_struct;

pub(super) use this::{call, old_call, set_result, skip_call};

/// Reads them.
pub(super) fn read(pid: Pid) -> Result<Registers, Errno> {
    getregs(pid)
}

#[cfg(target_arch = "x86_64")]
mod this {
    use super::{Errno, Pid, Registers, libc, setregs};

    /// The number and the first three arguments of a call that begins.
    pub fn call(registers: &Registers) -> (i64, [u64; 3]) {
        (registers.orig_rax.cast_signed(), [registers.rdi, registers.rsi, registers.rdx])
    }

    /// Gives a call that ends this result.
    pub fn set_result(pid: Pid, registers: Registers, result: i64) -> Result<(), Errno> {
        setregs(pid, Registers { rax: result.cast_unsigned(), ..registers })
    }

    /// Makes a call that begins one that does nothing: no call has this number.
    pub fn skip_call(pid: Pid, registers: Registers) -> Result<(), Errno> {
        setregs(pid, Registers { orig_rax: u64::MAX, ..registers })
    }

    /// The name of a call that newer processors do not have, and which argument has flags for opening.
    pub fn old_call(number: i64) -> Option<(&'static str, Option<usize>)> {
        Some(match number {
            libc::SYS_open => ("open", Some(1)),
            libc::SYS_mkdir => ("mkdir", None),
            libc::SYS_unlink => ("unlink", None),
            libc::SYS_rename => ("rename", None),
            libc::SYS_link => ("link", None),
            libc::SYS_chmod => ("chmod", None),
            libc::SYS_fork | libc::SYS_vfork => ("fork", None),
            _ => return None,
        })
    }
}

#[cfg(target_arch = "aarch64")]
mod this {
    use super::{Errno, Pid, Registers, setregs};

    /// The number and the first three arguments of a call that begins.
    pub fn call(registers: &Registers) -> (i64, [u64; 3]) {
        let [x0, x1, x2, ..] = registers.regs;
        (registers.regs[8].cast_signed(), [x0, x1, x2])
    }

    /// Gives a call that ends this result.
    pub fn set_result(pid: Pid, mut registers: Registers, result: i64) -> Result<(), Errno> {
        registers.regs[0] = result.cast_unsigned();
        setregs(pid, registers)
    }

    /// Makes a call that begins one that must fail. The number cannot be changed here, but with these as its
    /// first arguments no call finds a file, a name or an image.
    pub fn skip_call(pid: Pid, mut registers: Registers) -> Result<(), Errno> {
        [registers.regs[0], registers.regs[1], registers.regs[2]] = [u64::MAX, 0, 0];
        setregs(pid, registers)
    }

    /// This processor has no such calls.
    pub fn old_call(_number: i64) -> Option<(&'static str, Option<usize>)> {
        None
    }
}
