// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of which kernel this is: `/proc/sys/kernel/random/boot_id`, `/proc/version`,
//! `/sys/kernel/notes`, `/proc/uptime`.

use std::path::PathBuf;

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

use super::files;
use crate::{BootIdentity, SysError};

/// `path` leads from the path on a running system to that of the file to read.
pub(super) fn read(path: impl Fn(&str) -> PathBuf) -> Result<BootIdentity, SysError> {
    Ok(BootIdentity {
        id: id(&path)?,
        banner: files::line(&path("/proc/version"))?,
        notes: files::read_if_there(&path("/sys/kernel/notes"))?.unwrap_or_default(),
        uptime: uptime(&path)?,
    })
}

pub(super) fn id(path: impl Fn(&str) -> PathBuf) -> Result<String, SysError> {
    files::line(&path("/proc/sys/kernel/random/boot_id"))
}

/// What `/proc/uptime` shows of the running kernel, without opening it.
pub(super) fn uptime_now() -> Result<u64, SysError> {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_err(|errno| SysError::Read { path: PathBuf::from("CLOCK_BOOTTIME"), errno })?;
    Ok(u64::try_from(now.num_milliseconds()).unwrap_or_default() / 10)
}

pub(super) fn uptime(path: impl Fn(&str) -> PathBuf) -> Result<u64, SysError> {
    let path = path("/proc/uptime");
    let text = files::line(&path)?;
    hundredths(&text).ok_or_else(|| files::unknown(&path, &text))
}

/// `350735.47 234388.90`: the first number.
fn hundredths(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_whitespace().next()?.split_once('.')?;
    let fraction: u64 = fraction.parse().ok().filter(|_| fraction.len() == 2)?;
    seconds.parse::<u64>().ok()?.checked_mul(100)?.checked_add(fraction)
}
