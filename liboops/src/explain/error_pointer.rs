// SPDX-License-Identifier: MIT OR Apache-2.0
//! An error number that was used as a pointer: what `ERR_PTR()` makes, and nobody checked with `IS_ERR()`.

use super::subject::Subject;
use super::{Facts, Statement, StatementKind};

/// Error numbers are at most this (`MAX_ERRNO` in `include/linux/err.h`).
const MAX_ERRNO: u64 = 4095;

/// Names of the numbers from 1 on, as `include/uapi/asm-generic/errno-base.h` has them.
const BASE: [&str; 34] = [
    "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD", "EAGAIN",
    "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR",
    "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE", "EROFS", "EMLINK",
    "EPIPE", "EDOM", "ERANGE",
];

/// Those that drivers return most, as `asm-generic/errno.h` has them. Mips, parisc and sparc have others.
const GENERIC: [(u64, &str); 27] = [
    (35, "EDEADLK"),
    (36, "ENAMETOOLONG"),
    (38, "ENOSYS"),
    (39, "ENOTEMPTY"),
    (40, "ELOOP"),
    (42, "ENOMSG"),
    (61, "ENODATA"),
    (62, "ETIME"),
    (71, "EPROTO"),
    (74, "EBADMSG"),
    (75, "EOVERFLOW"),
    (84, "EILSEQ"),
    (90, "EMSGSIZE"),
    (92, "ENOPROTOOPT"),
    (93, "EPROTONOSUPPORT"),
    (95, "EOPNOTSUPP"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (105, "ENOBUFS"),
    (107, "ENOTCONN"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (113, "EHOSTUNREACH"),
    (114, "EALREADY"),
    (115, "EINPROGRESS"),
    (121, "EREMOTEIO"),
];

/// Numbers of the kernel's own, the same on every architecture (`include/linux/errno.h`).
const KERNEL: [(u64, &str); 8] = [
    (512, "ERESTARTSYS"),
    (513, "ERESTARTNOINTR"),
    (514, "ERESTARTNOHAND"),
    (515, "ENOIOCTLCMD"),
    (516, "ERESTART_RESTARTBLOCK"),
    (517, "EPROBE_DEFER"),
    (518, "EOPENSTALE"),
    (524, "ENOTSUPP"),
];

/// The register of the access that failed holds an error number.
pub(super) fn of_registers(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let (name, value, offset) = subject.pointer()?;
    let number = number(facts, value)?;
    let error = words(facts, number);
    // `container_of()` of NULL, whose members are aligned.
    let alignment = if facts.is_32_bit()? { 4 } else { 8 };
    let other = match number {
        1 => " or all bits set".to_owned(),
        _ if number % alignment == 0 => format!(" or {number:#x} below NULL"),
        _ => String::new(),
    };
    let behind = if offset == 0 { String::new() } else { format!("; the access is {offset:#x} behind it") };
    let text = format!("{name} is -{number}: {error} as a pointer (ERR_PTR){other}{behind}");
    Some(Statement::new(StatementKind::ErrorPointer, text).with(name, value).with("address", subject.address))
}

/// The address is an error number, or one plus an offset.
pub(super) fn of_address(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    if subject.access.is_some() || subject.width > 1 {
        return None;
    }
    let number = number(facts, subject.address)?;
    let words = words(facts, number);
    let text = format!(
        "{:#x} is -{number}: {words} as a pointer (ERR_PTR), if no offset was added",
        subject.address
    );
    Some(Statement::new(StatementKind::ErrorPointer, text).with("address", subject.address))
}

/// The error number that a pointer is.
fn number(facts: &Facts<'_>, value: u64) -> Option<u64> {
    let bits = if facts.is_32_bit()? { u64::from(u32::MAX) } else { u64::MAX };
    let number = bits.checked_sub(value)?.checked_add(1)?;
    (1..=MAX_ERRNO).contains(&number).then_some(number)
}

fn words(facts: &Facts<'_>, number: u64) -> String {
    name(facts.report.arch, number).map_or_else(|| format!("error {number}"), str::to_owned)
}

fn name(arch: Option<&str>, number: u64) -> Option<&'static str> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    let kernel = || KERNEL.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
    match arch {
        // Alpha numbers EAGAIN and EDEADLK in another way.
        Some("alpha") if matches!(number, 11 | 35) => None,
        Some("alpha" | "mips" | "mips64" | "parisc" | "parisc64" | "sparc" | "sparc64") => {
            BASE.get(index).copied().or_else(kernel)
        }
        Some(_) => {
            let generic = || GENERIC.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
            BASE.get(index).copied().or_else(generic).or_else(kernel)
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_names() {
        assert_eq!(name(Some("x86_64"), 12), Some("ENOMEM"));
        assert_eq!(name(Some("x86_64"), 34), Some("ERANGE"));
        assert_eq!(name(Some("aarch64"), 110), Some("ETIMEDOUT"));
        assert_eq!(name(Some("mips"), 110), None);
        assert_eq!(name(Some("mips"), 517), Some("EPROBE_DEFER"));
        assert_eq!(name(Some("alpha"), 11), None);
    }
}
