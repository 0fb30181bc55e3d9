// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs to decode.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use modtest::calls::ReturnAddress;

/// The last line of each report in the long log.
pub const PANIC: &str = "Kernel panic - not syncing";
/// A report with a module in it.
const REPORT: &str = include_str!("../../../tests/fixtures/logs/page_fault.log");
/// Size of the long log.
const LOG_BYTES: u64 = 1 << 30;
/// Size of the log with many trigger words.
const TRIGGER_LOG_BYTES: u64 = 1 << 28;
/// Distance from one report to the next.
const SPACING_BYTES: u64 = 4 << 20;

/// Makes a report of a kernel of this release, with these places as frames.
pub fn report(release: &str, places: &[&ReturnAddress]) -> String {
    let line = |text: &str| format!("[   12.500000] {text}\n");
    let name = |place: &ReturnAddress| format!("{}+{:#x}/{:#x}", place.symbol, place.offset, place.size);
    let mut text = line("BUG: kernel NULL pointer dereference, address: 0000000000000010");
    text += &line("Oops: 0002 [#1] PREEMPT SMP NOPTI");
    text += &line(&format!("CPU: 1 PID: 321 Comm: cat Not tainted {release} #1"));
    text += &line(&format!("RIP: 0010:{}", name(places[0])));
    text += &line(
        "Code: 90 90 90 90 0f 1f 44 00 00 48 8b 07 48 85 c0 74 05 48 89 d7 ff d0 <48> c7 47 10 \
         00 00 00 00 31 c0 c3",
    );
    text += &line("RSP: 0018:ffffb1a7c0243d28 EFLAGS: 00010246");
    text += &line("RAX: 0000000000000000 RBX: ffffffff82702018 RCX: 0000000000000000");
    text += &line("Call Trace:");
    text += &line(" <TASK>");
    text.extend(places.iter().map(|place| line(&format!(" {}", name(place)))));
    text += &line(" </TASK>");
    text + &line("---[ end trace 0000000000000000 ]---")
}

/// Makes the log that a busy machine may write in weeks; it is the same each time.
pub fn long_log(folder: &Path) -> PathBuf {
    log(folder, "long", LOG_BYTES, ordinary)
}

/// Makes a log in which every second line has a word that may begin a report.
pub fn trigger_log(folder: &Path) -> PathBuf {
    let mut has_word = false;
    log(folder, "triggers", TRIGGER_LOG_BYTES, |time, random| {
        has_word = !has_word;
        if has_word { with_trigger_word(time, random) } else { ordinary(time, random) }
    })
}

/// Makes a log of lines and, now and then, a report. A line is made from the size so far and a random number.
fn log(folder: &Path, name: &str, bytes: u64, mut line: impl FnMut(u64, u64) -> String) -> PathBuf {
    let path = folder.join(format!("{name}.log"));
    if path.metadata().is_ok_and(|data| data.len() >= bytes) {
        return path;
    }
    fs::create_dir_all(folder).unwrap();
    // An interrupted run leaves no file that looks complete.
    let partial = folder.join(format!("{name}.{}", std::process::id()));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&partial).unwrap());
    let (mut size, mut next, mut random) = (0_u64, SPACING_BYTES, 0x2545_f491_4f6c_dd1d_u64);
    while size < bytes {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let text = if size < next {
            line(size, random)
        } else {
            next += SPACING_BYTES;
            REPORT.to_owned()
        };
        out.write_all(text.as_bytes()).unwrap();
        size += text.len() as u64;
    }
    out.into_inner().unwrap().sync_all().unwrap();
    fs::rename(&partial, &path).unwrap();
    path
}

/// A line that has a word that may begin a report, and does not.
fn with_trigger_word(time: u64, random: u64) -> String {
    let stamp = format!("[{:5}.{:06}]", time / 1_000_000, time % 1_000_000);
    let number = random >> 40;
    match random % 5 {
        0 => format!("{stamp} systemd[1]: INFO: session {number} of user operator started\n"),
        1 => format!("{stamp} backup[812]: WARNING: volume {number} is nearly full\n"),
        2 => format!("{stamp} ci-runner: BUG: test case {number} failed, see the ticket\n"),
        3 => format!("{stamp} scrub[77]: no corruption found in block {number}\n"),
        _ => format!("{stamp} acpid: Unhandled event {number} was ignored\n"),
    }
}

/// A line that is not part of a report.
fn ordinary(time: u64, random: u64) -> String {
    let stamp = format!("[{:5}.{:06}]", time / 1_000_000, time % 1_000_000);
    let (a, b) = (random >> 40, random >> 16 & 0xffff);
    match random % 9 {
        0 => format!("{stamp} usb 1-{}: new high-speed USB device number {b} using xhci_hcd\n", a % 8),
        1 => format!(
            "{stamp} EXT4-fs (sda{}): mounted filesystem with ordered data mode. Quota mode: none.\n",
            a % 8
        ),
        2 => format!("{stamp} IPv6: ADDRCONF(NETDEV_CHANGE): veth{a:x}: link becomes ready\n"),
        3 => format!(
            "{stamp} audit: type=1400 audit({time}.{b}:{a}): apparmor=\"STATUS\" \
             operation=\"profile_load\" name=\"lxc-{b}\"\n"
        ),
        4 => format!(
            "{stamp} e1000 0000:00:03.0 eth{}: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX\n",
            a % 4
        ),
        5 => format!("{stamp} docker0: port {}(veth{b:x}) entered forwarding state\n", a % 64),
        6 => format!(
            "{stamp} [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:{a:06x} SRC=10.0.{}.{} \
             DST=10.0.0.1 LEN={b} PROTO=TCP\n",
            b % 256,
            a % 256
        ),
        7 => format!("{stamp} systemd[1]: Started session-{a}.scope - Session {a} of user operator.\n"),
        _ => format!("{stamp} nvme0n1: p{} p{}: I/O queue {b} of device {a:x} is idle\n", a % 4, b % 4),
    }
}
