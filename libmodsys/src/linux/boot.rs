// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of which kernel this is: `/proc/sys/kernel/random/boot_id`, `/proc/version`,
//! `/sys/kernel/notes`, `/proc/uptime`.

use super::{Linux, files};
use crate::{BootIdentity, SysError};

pub(super) fn read(linux: &Linux) -> Result<BootIdentity, SysError> {
    let uptime_path = linux.path("/proc/uptime");
    let text = files::line(&uptime_path)?;
    let uptime = hundredths(&text).ok_or_else(|| files::unknown(&uptime_path, &text))?;
    Ok(BootIdentity {
        id: files::line(&linux.path("/proc/sys/kernel/random/boot_id"))?,
        banner: files::line(&linux.path("/proc/version"))?,
        notes: files::read_if_there(&linux.path("/sys/kernel/notes"))?.unwrap_or_default(),
        uptime,
    })
}

/// `350735.47 234388.90`: the first number.
fn hundredths(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_whitespace().next()?.split_once('.')?;
    let fraction: u64 = fraction.parse().ok().filter(|_| fraction.len() == 2)?;
    seconds.parse::<u64>().ok()?.checked_mul(100)?.checked_add(fraction)
}
