// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much memory modules use.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::Ctx;

/// How often the module area is measured, and the time between measurements.
const SAMPLES: u32 = 10;
const SAMPLE_TIME: Duration = Duration::from_millis(30);

/// Adds up the areas of `/proc/vmallocinfo` that the module loader asked for.
///
/// The caller differs between releases (`module_alloc`, `load_module` and others), but its name contains
/// `module`, or `execmem` on the newest ones (seen: 7.3).
pub fn module_areas(vmallocinfo: &str) -> u64 {
    vmallocinfo.lines().filter(|line| is_module_area(line)).filter_map(size).sum()
}

/// BPF programs are allocated there too and come and go on their own. Areas waiting to be purged are already
/// free.
fn is_module_area(line: &str) -> bool {
    let caller = line.split_whitespace().nth(2).unwrap_or_default();
    ["module", "execmem"].iter().any(|part| caller.contains(part))
        && !caller.contains("bpf")
        && !line.contains("unpurged")
}

fn size(line: &str) -> Option<u64> {
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A value of `/proc/meminfo`.
pub fn meminfo(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

impl Ctx {
    /// Bytes of the module area in use, once the kernel has settled: init sections are freed by a work item
    /// some time after the load.
    pub fn module_memory(&self) -> Result<u64> {
        let mut least = u64::MAX;
        for _ in 0..SAMPLES {
            thread::sleep(SAMPLE_TIME);
            least = least.min(module_areas(&self.read("/proc/vmallocinfo")?));
        }
        Ok(least)
    }

    /// A value of `/proc/meminfo` such as `SUnreclaim`, in KiB.
    pub fn meminfo_kib(&self, name: &str) -> Result<u64> {
        let text = self.read("/proc/meminfo").context("is /proc mounted?")?;
        meminfo(&text, name).ok_or_else(|| anyhow!("/proc/meminfo has no {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_modules_by_caller() {
        let line = |caller: &str| {
            format!("0xffffffffc0000000-0xffffffffc0005000   20480 {caller}+0x1/0x2 pages=4\n")
        };
        let all = ["load_module", "execmem_alloc", "bpf_jit_alloc_exec", "n_tty_open"].map(line).concat();
        assert_eq!(module_areas(&all), 2 * 20480);
    }

    #[test]
    fn meminfo_by_exact_name() {
        let text = "SReclaimable:      1 kB\nSUnreclaim:      9876 kB\n";
        assert_eq!(meminfo(text, "SUnreclaim"), Some(9876));
        assert_eq!(meminfo(text, "SUn"), None);
    }
}
