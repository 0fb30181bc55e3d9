// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors when system calls are traced: the registers that have a call's number,
//! arguments and result, how to keep the kernel from carrying it out, and calls that only old ones have.

use nix::errno::Errno;
use nix::libc::c_long;
use nix::unistd::Pid;

pub(super) use this::{call, old_call, read, set_result, skip_call};

#[cfg(target_arch = "x86_64")]
mod this {
    use nix::libc;
    pub use nix::sys::ptrace::getregs as read;
    use nix::sys::ptrace::setregs;

    use super::{Errno, Pid, c_long};

    /// A process's registers.
    pub type Registers = libc::user_regs_struct;

    /// The number and the first three arguments of a call that begins.
    pub fn call(_pid: Pid, registers: &Registers) -> (c_long, [u64; 3]) {
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
    pub fn old_call(number: c_long) -> Option<(&'static str, Option<usize>)> {
        Some(match number {
            libc::SYS_open => ("open", Some(1)),
            libc::SYS_mkdir => ("mkdir", None),
            libc::SYS_unlink => ("unlink", None),
            libc::SYS_rename | libc::SYS_renameat => ("rename", None),
            libc::SYS_link => ("link", None),
            libc::SYS_chmod => ("chmod", None),
            libc::SYS_fork | libc::SYS_vfork => ("fork", None),
            _ => return None,
        })
    }
}

#[cfg(target_arch = "aarch64")]
mod this {
    use nix::libc;
    pub use nix::sys::ptrace::getregs as read;
    use nix::sys::ptrace::setregs;

    use super::{Errno, Pid, c_long};

    /// A process's registers.
    pub type Registers = libc::user_regs_struct;

    /// The number and the first three arguments of a call that begins.
    pub fn call(_pid: Pid, registers: &Registers) -> (c_long, [u64; 3]) {
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

    /// This processor has one such call.
    pub fn old_call(number: c_long) -> Option<(&'static str, Option<usize>)> {
        (number == libc::SYS_renameat).then_some(("rename", None))
    }
}

#[cfg(target_arch = "riscv64")]
mod this {
    use nix::libc;
    pub use nix::sys::ptrace::getregs as read;
    use nix::sys::ptrace::setregs;

    use super::{Errno, Pid, c_long};

    /// By the time of the stop, the register of the first argument may have something else.
    pub use super::from_proc::call;

    /// A process's registers.
    pub type Registers = libc::user_regs_struct;

    /// Gives a call that ends this result.
    pub fn set_result(pid: Pid, registers: Registers, result: i64) -> Result<(), Errno> {
        setregs(pid, Registers { a0: result.cast_unsigned(), ..registers })
    }

    /// Makes a call that begins one that does nothing: no call has this number.
    pub fn skip_call(pid: Pid, registers: Registers) -> Result<(), Errno> {
        setregs(pid, Registers { a7: u64::MAX, ..registers })
    }

    /// This processor has no such calls.
    pub fn old_call(_number: c_long) -> Option<(&'static str, Option<usize>)> {
        None
    }
}

/// Calls can be seen here but not changed: nothing sets registers.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
mod this {
    use super::{Errno, Pid, c_long};

    pub use super::from_proc::call;

    /// None are read.
    #[derive(Clone, Copy)]
    pub struct Registers;

    /// Reads none.
    pub fn read(_pid: Pid) -> Result<Registers, Errno> {
        Ok(Registers)
    }

    /// Not possible here.
    pub fn set_result(_pid: Pid, _registers: Registers, _result: i64) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Not possible here.
    pub fn skip_call(_pid: Pid, _registers: Registers) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Those of s390x and ppc64le have the numbers of the kernel's first processors.
    pub fn old_call(number: c_long) -> Option<(&'static str, Option<usize>)> {
        use nix::libc;

        Some(match number {
            libc::SYS_open => ("open", Some(1)),
            libc::SYS_mkdir => ("mkdir", None),
            libc::SYS_unlink => ("unlink", None),
            libc::SYS_rename | libc::SYS_renameat => ("rename", None),
            libc::SYS_link => ("link", None),
            libc::SYS_chmod => ("chmod", None),
            libc::SYS_fork | libc::SYS_vfork => ("fork", None),
            _ => return None,
        })
    }
}

/// What the kernel's own text says about a stopped process's call (`/proc/PID/syscall`).
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod from_proc {
    use super::{Pid, c_long};

    /// The number and the first three arguments of a call that begins.
    pub fn call<R>(pid: Pid, _registers: &R) -> (c_long, [u64; 3]) {
        let text = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
        let mut words = text.split_whitespace();
        let number = words.next().and_then(|word| word.parse().ok()).unwrap_or(-1);
        let mut argument = || {
            let digits = words.next().and_then(|word| word.strip_prefix("0x"))?;
            u64::from_str_radix(digits, 16).ok()
        };
        (number, std::array::from_fn(|_| argument().unwrap_or_default()))
    }
}
