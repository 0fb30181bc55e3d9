// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernel memory, and why it cannot be read.

use libmodsys::{Kernel, Lockdown, SysError};

/// Reads kernel memory.
pub(super) struct Memory<'k> {
    kernel: &'k dyn Kernel,
}

impl<'k> Memory<'k> {
    pub(super) fn new(kernel: &'k dyn Kernel) -> Self {
        Self { kernel }
    }

    /// Bytes of memory, or why there are none.
    pub(super) fn read(&self, address: u64, size: u64) -> Result<Vec<u8>, String> {
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        self.kernel.read_memory(address, length).map_err(|error| {
            let setting = match (&error, self.kernel.lockdown()) {
                (SysError::NotMapped { .. }, _) => "",
                (_, Ok(Some(Lockdown::Confidentiality))) => " (lockdown=confidentiality)",
                _ => "",
            };
            format!("{error}{setting}")
        })
    }

    /// A number of the kernel's.
    pub(super) fn number(&self, address: u64, size: u64) -> Option<u64> {
        number_of(&self.read(address, size).ok()?)
    }

    /// Text that ends with a NUL, up to `most` bytes of it.
    pub(super) fn text(&self, address: u64, most: u64) -> Option<String> {
        // Not beyond the page: the next one need not be there.
        let in_page = 4096_u64.saturating_sub(address % 4096);
        let bytes = self.read(address, most.min(in_page)).ok()?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        String::from_utf8(bytes.get(..end)?.to_vec()).ok()
    }
}

/// A number of 1, 2, 4 or 8 bytes, in this machine's byte order.
pub(super) fn number_of(bytes: &[u8]) -> Option<u64> {
    Some(match *bytes {
        [one] => one.into(),
        [a, b] => u16::from_ne_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
        _ => return None,
    })
}

/// Why an address is not known.
pub(super) fn address_denied(kernel: &dyn Kernel) -> String {
    let setting = match kernel.kptr_restrict() {
        Ok(Some(2..)) => "sysctl kernel.kptr_restrict=2 hides addresses even from root",
        _ => "only root (CAP_SYSLOG) may see addresses",
    };
    setting.to_owned()
}
