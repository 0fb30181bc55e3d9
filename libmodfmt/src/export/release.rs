// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout by processor and release number.

use super::{CrcForm, ExportLayout, Fields, Form};
use crate::elf::Machine;

/// The first two numbers of a kernel release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// 6 of 6.1.
    pub major: u32,
    /// 1 of 6.1.
    pub minor: u32,
}

impl Release {
    /// From major and minor number.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// From the text that `uname -r` prints or a vermagic begins with: `6.1.0-56-amd64`, `7.3-rc1`.
    /// `None` if it does not begin with two numbers.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let minor = rest.get(..end)?;
        let digits = major.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { major: major.parse().ok().filter(|_| digits)?, minor: minor.parse().ok()? })
    }
}

impl ExportLayout {
    /// The layout of mainline in this release on this processor (`include/linux/export.h`,
    /// `kernel/module/internal.h`; read in 4.19, 5.4, 5.10, 6.1, 6.6, 6.12, 6.18, 7.1 and 7.3).
    ///
    /// The last resort: vendors' kernels (RHEL, Android) carry changes from later releases.
    #[must_use]
    pub fn for_release(machine: Machine, release: Release) -> Self {
        let x86_or_arm64 = [Machine::X86_64, Machine::I386, Machine::AARCH64].contains(&machine);
        let distances = x86_or_arm64 && release >= Release::new(4, 19);
        let flags = release >= Release::new(7, 1);
        Self {
            form: if distances { Form::Prel32 } else { Form::Absolute },
            fields: if release >= Release::new(5, 4) { Fields::Three } else { Fields::Two },
            kflagstab: flags,
            gpl_tables: !flags,
            crc: if relative_crcs(machine, release) { CrcForm::Relative } else { CrcForm::Value },
        }
    }
}

/// Does the release have `CONFIG_MODULE_REL_CRCS` on this processor? powerpc has it in 4.19, s390 in 5.4
/// and 5.10; both had lost it by 6.1.
pub(super) fn relative_crcs(machine: Machine, release: Release) -> bool {
    let since = match machine.0 {
        POWERPC | POWERPC64 => Release::new(4, 19),
        S390 => Release::new(5, 4),
        _ => return false,
    };
    (since..Release::new(5, 19)).contains(&release)
}

const POWERPC: u16 = 20;
const POWERPC64: u16 = 21;
const S390: u16 = 22;
