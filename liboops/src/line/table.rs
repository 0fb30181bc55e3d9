// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of prefixes that have a pattern. A new one is a row here, and a row in the tests below.
//!
//! ```text
//! syslog date        Jan 23 09:11:20
//! logcat -v brief    E/kernel  (  123):
//! ```
//!
//! The first byte of a text decides which rows may match, and one search tells whether any of them does:
//! nearly every message of the kernel begins with a letter and has no prefix left.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::pattern::{Begins, Pattern, name, rough_name};
use super::prefix::Prefix;
use super::{dmesg, journal, kmsg, logcat, numbered, syslog, terminal, vendor};
use crate::cursor::{Cursor, decimal};

/// Every prefix that has a pattern. The first match counts.
const TABLE: [Pattern; 35] = [
    // Has a comma, and no program follows. So it comes before the date of a system log.
    dmesg::ISO_TIME,
    syslog::ISO_TIME,
    syslog::RFC3164,
    syslog::EAST_ASIAN_DATE,
    syslog::RFC5424,
    syslog::KERNEL_ALONE,
    journal::SHORT_FULL,
    journal::SHORT_UNIX,
    journal::EXPORT,
    dmesg::HUMAN_TIME,
    dmesg::FACILITY,
    dmesg::DROPPED,
    kmsg::RECORD,
    logcat::BRIEF,
    logcat::TIME,
    logcat::TAG,
    logcat::KERNEL_BUFFER,
    logcat::THREADTIME,
    terminal::BRACKETED_TIME,
    terminal::LOCAL_TIME,
    vendor::SAMSUNG,
    terminal::CLOCK,
    vendor::HISILICON,
    vendor::MEDIATEK,
    vendor::MEDIATEK_FILE,
    vendor::QUALCOMM,
    vendor::UNISOC,
    vendor::PROCESSOR,
    vendor::TASK,
    terminal::STREAM,
    terminal::COLUMN,
    terminal::SCANNER,
    terminal::PROMPT,
    numbered::LINE,
    numbered::FILE,
];

pub(super) static ASTERISK: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Asterisk));
pub(super) static BRACKET: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Bracket));
pub(super) static DIGIT: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Digit));
pub(super) static LETTER: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Letter));
pub(super) static MARK: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Mark));

/// The prefixes that begin with the same kind of byte.
#[derive(Debug)]
pub(super) struct Group {
    rows: Vec<Row>,
    /// Matches whatever a row matches, and little else.
    any: RegexSet,
}

/// A prefix. Its pattern is compiled when it is first needed.
#[derive(Debug)]
struct Row {
    pattern: Pattern,
    regex: OnceLock<Option<Regex>>,
}

impl Group {
    fn new(begins: Begins) -> Self {
        let of_group = TABLE.into_iter().filter(|pattern| pattern.begins.contains(&begins));
        let rows: Vec<Row> = of_group.map(Row::new).collect();
        // The classes of Unicode take half a millisecond to compile, and most logs have no such date.
        let rough = rows.iter().map(|row| row.pattern.regex.replace(name!(), rough_name!()));
        let any = RegexSetBuilder::new(rough).unicode(false).build();
        // A test compiles every pattern.
        Self { rows, any: any.unwrap_or_default() }
    }

    /// Reads a prefix of this group. `false` if none comes next.
    pub fn read(&self, cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
        if !self.any.is_match(cursor.rest()) {
            return false;
        }
        let Some(row) = self.rows.iter().find(|row| row.read(cursor, prefix)) else { return false };
        if row.pattern.then_program {
            prefix.is_foreign = syslog::host_and_program(cursor);
        }
        true
    }
}

impl Row {
    fn new(pattern: Pattern) -> Self {
        Self { pattern, regex: OnceLock::new() }
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| RegexBuilder::new(self.pattern.regex).unicode(false).build().ok()).as_ref()
    }

    /// Reads this prefix. `false` if something else comes next.
    fn read(&self, cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
        if self.pattern.within_log && !prefix.is_logged {
            return false;
        }
        let Some(regex) = self.regex() else { return false };
        let text = cursor.rest();
        let length = if regex.captures_len() == 1 {
            // Without groups a search is twice as fast.
            regex.find(text).map(|found| found.end())
        } else {
            regex.captures(text).map(|captures| take_groups(&captures, cursor.position(), prefix))
        };
        let Some(length) = length else { return false };
        if !prefix.is_foreign {
            cursor.skip(length);
        }
        true
    }
}

/// Notes what the named groups of a pattern matched. `start` is where the match begins in the
/// line. Returns the length of the match.
fn take_groups(captures: &Captures<'_>, start: usize, prefix: &mut Prefix) -> usize {
    let length = captures.get_match().end();
    if let Some(program) = captures.name("program") {
        prefix.is_foreign = !syslog::is_kernel(program.as_bytes());
    }
    if let Some(time) = captures.name("time_us") {
        prefix.time_us = decimal(time.as_bytes()).or(prefix.time_us);
    }
    if let Some(fields) = captures.name("fields") {
        let (at, end) = (start.saturating_add(fields.start()), start.saturating_add(length));
        kmsg::fields(fields.as_bytes(), start, at, end, prefix);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Caller;

    /// What a row of [`TABLE`] makes of a line.
    struct Example {
        name: &'static str,
        /// Prefixes, as logs have them. The first one is the row's example.
        prefixes: &'static [&'static str],
        /// What looks like the prefix and is not.
        others: &'static [&'static str],
    }

    /// Row by row as in [`TABLE`].
    const EXAMPLES: [Example; 35] = [
        Example {
            name: "dmesg --time-format=iso",
            prefixes: &["2024-01-01T12:00:00,123456+00:00 "],
            others: &["2024-01-01T12:00,123456+00:00 "],
        },
        Example {
            name: "syslog date, ISO",
            prefixes: &[
                "2024-01-23T09:11:20.123456+00:00 ",
                "2024-01-23T09:11:20Z ",
                "2024-01-23T09:11:20-0500 ",
                "2024/01/23 09:11:20+01:00 ",
            ],
            others: &["2024-01-23T09:11+00:00 ", "24-01-23T09:11:20Z "],
        },
        Example {
            name: "syslog date",
            prefixes: &[
                "Jan 23 09:11:20 ",
                "Jan  3 2024 09:11:20.123456 ",
                "июл 27 14:08:04 ",
                "févr. 27 14:08:04 ",
                "Okt 27 14:08:04 ",
                "7月 27 14:08:04 ",
                "Th07 27 14:08:04 ",
                "Thg 7 27 14:08:04 ",
                "de jul. 27 14:08:04 ",
                "heinäk. 27 14:08:04 ",
                "Ιούλ 27 14:08:04 ",
                "7월 27 14:08:04 ",
                "ژوئیه\u{200c} 27 14:08:04 ",
                "Tue Jul 27 14:08:04 2021 ",
                "Di Jul 27 14:08:04 CEST 2021 ",
                "Di, 27. Jul 14:08:04 ",
                "27. Juli 14:08:04 ",
                "ก.ค. 27 14:08:04 ",
                "जुल॰ 27 14:08:04 ",
                "May 01 10:00:00 AM ",
            ],
            others: &[
                "Jan 23 ",
                "CPU: 0 09:11:20 ",
                "Code 123 09:11:20 ",
                "23 23 09:11:20 ",
                "— 23 09:11:20 ",
            ],
        },
        Example {
            name: "date of East Asia",
            prefixes: &[
                "2024年05月01日 10:00:00 ",
                "2024年 5月 1日 10:00:00 ",
                "2024年05月01日(水) 10:00:00 ",
                "2024년 05월 01일 10:00:00 ",
                "2024年05月01日 上午10:00:00 ",
                "2024年05月01日 星期三 10时00分00秒 CST ",
                "5月01日 10:00:00 ",
            ],
            others: &["2024年 10:00:00 ", "2024年05月01日 "],
        },
        Example {
            name: "syslog of RFC 5424",
            prefixes: &[
                "1 2024-01-23T09:11:20.123456+00:00 host kernel - - [meta sequenceId=\"1\"] ",
                "1 2024-01-23T09:11:20Z host kernel - - - ",
                "1 2024-01-23T09:11:20Z host kernel - - [a b=\"\\]\"][c] \u{feff}",
            ],
            others: &["2 2024-01-23T09:11:20Z host kernel - - - ", "1 2024-01-23T09:11:20Z host kernel - "],
        },
        Example {
            name: "host and kernel without a date",
            prefixes: &["host kernel: ", "kernel: ", "Kernel: ", "a-host_1.example kernel: "],
            others: &["kernel:", "the host kernel: ", "host kernel "],
        },
        Example {
            name: "journalctl -o short-full",
            prefixes: &[
                "Tue 2024-01-23 09:11:20 CET ",
                "Di 2024-01-23 09:11:20.123456 CET ",
                "вт 2024-01-23 09:11:20 MSK ",
            ],
            others: &["Tue 2024-01-23 09:11 CET ", "2024-01-23 Tue 09:11:20 CET "],
        },
        Example {
            name: "journalctl -o short-unix",
            prefixes: &["1700000000.123456 "],
            others: &["1700000000 ", "170000000.123456 "],
        },
        Example { name: "journalctl -o export", prefixes: &["MESSAGE="], others: &["MESSAGE ", "PRIORITY="] },
        Example {
            name: "dmesg -T or -e",
            prefixes: &[
                "[Mon Jan  1 12:00:00 2024] ",
                "[Jan 1 12:00] ",
                "[Jan27 12:00] ",
                "[Di Jul 27 14:08:04 2021] ",
                "[вт июл 27 14:08:04 2021] ",
                "[mar. juil. 27 14:08:04 2021] ",
                "[火  7月 27 14:08:04 2021] ",
                "[T3 Th07 27 14:08:04 2021] ",
                "[Th 3 Thg 7 27 14:08:04 2021] ",
                "[dt. de jul. 27 14:08:04 2021] ",
                "[ג' יול 27 14:08:04 2021] ",
                "[周二 7月 27 14:08:04 2021] ",
                "[화  7월 27 14:08:04 2021] ",
                "[ti heinä 27 14:08:04 2021] ",
                "[سه\u{200c}شنبه ژوئیه 27 14:08:04 2021] ",
                "[juil.27 14:08] ",
                "[ 7月27 14:08] ",
                "[Jan 1 12:00:00 <    0.000010>] ",
            ],
            others: &["[drm] ", "[Hardware Error]: ", "[drm 1] ", "[cut here] "],
        },
        Example {
            name: "dmesg -x",
            prefixes: &["kern  :err   : ", "daemon:info  : ", "kern:warn:"],
            others: &["kern  :error : ", "usb: warn: ", "kern :err "],
        },
        Example {
            name: "dropped messages",
            prefixes: &["** 12 printk messages dropped ** ", "** 1 printk messages dropped ** "],
            others: &["** replaying previous printk message **", "* 12 ** "],
        },
        Example {
            name: "/dev/kmsg",
            prefixes: &[
                "6.1.0-99-amd64,6,416,1758426,-,caller=T104;",
                "6,416,1758426,-;",
                "6,416,1758426,c,ncfrag=0/40;",
            ],
            others: &["6,416,-;", "6,416,1758426,- ;", "a,416,1758426,-;"],
        },
        Example {
            name: "logcat -v brief",
            prefixes: &["E/kernel  (  123): ", "W/kernel(0): "],
            others: &["X/kernel(0): ", "E/kernel: "],
        },
        Example {
            name: "logcat -v time",
            prefixes: &["01-01 12:00:00.123 E/kernel  (  123): "],
            others: &["01-01 12:00 E/kernel  (  123): "],
        },
        Example {
            name: "logcat -v tag",
            prefixes: &["E/kernel: ", "W/Kernel: "],
            others: &["E/kernel(  1): ", "X/kernel: "],
        },
        Example {
            name: "logcat -b kernel",
            prefixes: &[
                "01-01 12:00:00.123     0     0 E ",
                "01-01 12:00:00.123 root     0     0 E ",
                "2024-01-01 12:00:00.123 +0100     0     0 E ",
                "01-01 12:00:00.123     0     0 W         : ",
                "01-01 12:00:00.123     0     0 W Kernel  : ",
            ],
            others: &["01-01 12:00:00.123     1     1 E "],
        },
        Example {
            name: "logcat -v threadtime",
            prefixes: &[
                "01-01 12:00:00.123   123   456 E kernel  : ",
                "01-01 12:00:00.123 root   123   456 E kernel  : ",
                "2024-01-01 12:00:00.123   123   456 E Kernel: ",
            ],
            others: &["01-01 12:00:00.123   123 E kernel  : "],
        },
        Example {
            name: "time of a terminal program",
            prefixes: &[
                "[2024-01-23 09:11:20.123] ",
                "[09:11:20] ",
                "[2024/01/23 09:11:20]",
                "[23.01.2024 09:11:20] ",
                "[2024-01-23T09:11:20.123Z] ",
                "[20240123_09:11:20.123456]@2 ",
            ],
            others: &["[09:11] ", "[2024-01-23] "],
        },
        Example {
            name: "date and time",
            prefixes: &[
                "2024/01/23 09:11:20.123456 ",
                "2024-01-23T09:11:20 ",
                "05/01/2024 10:00:00 AM ",
                "5/1/2024 9:00:00 PM ",
                "5/1/2024, 9:00:00 AM ",
            ],
            others: &["2024.01.23 09:11:20 ", "2024/01-23 09:11:20 "],
        },
        Example {
            name: "processor and task of a vendor",
            prefixes: &[
                "[4:SdpManagerServi: 3874] ",
                "[0:      swapper/0:    0] ",
                "I[0:      swapper/0:    0] ",
                "[ 4:SdpManagerServi: 3874] ",
            ],
            others: &["[4] ", "[4:a[1]] ", "[SdpManagerServi: 3874] "],
        },
        Example {
            name: "time of a test lab",
            prefixes: &["12:00:00.123456  ", "12:00:00 "],
            others: &["12:00 "],
        },
        Example {
            name: "task and processor of HiSilicon",
            prefixes: &["[pid:0,cpu0,swapper/0]", "[pid:1234,cpu2,kworker/u16:3] ", "[pid:7,cpu1,init,3]"],
            others: &["[pid:0]", "[pid:a,cpu0,x]"],
        },
        Example {
            name: "processor and task of MediaTek",
            prefixes: &["(5)[1234:kworker/5:1]", "-(5)[1234:kworker/5:1]", ".(0)[1:swapper/0] "],
            others: &["(5) ", "(5)[a:b] "],
        },
        Example {
            name: "source file of MediaTek",
            prefixes: &["[name:traps&]", "kworker/5:1: [name:traps&]"],
            others: &["[name:traps]", "[traps&]"],
        },
        Example {
            name: "processor and task of Qualcomm",
            prefixes: &["(CPU:2-pid:1234:kworker/2:1) ", "(CPU: 0, pid: 7, tool) "],
            others: &["(CPU) ", "(2-pid:1234) "],
        },
        Example {
            name: "processor of Unisoc",
            prefixes: &["c2 ", "c10 ", "c0 1 (swapper/0) ", "c2    321 "],
            others: &["c2: ", "cpu2 "],
        },
        Example {
            name: "processor in brackets",
            prefixes: &["[cpu2]", "[c2] ", "[CPU:2] ", "@2 ", "@(2) "],
            others: &["[C2] ", "[c2f] "],
        },
        Example {
            name: "task in brackets",
            prefixes: &["[T 1234] ", "[T1234@2] ", "[1234@2] "],
            others: &["[T1234] ", "[1234] "],
        },
        Example {
            name: "stream of a build log",
            prefixes: &["00O ", "00E ", "01O+", "stdout F ", "stderr P "],
            others: &["00X ", "stdout "],
        },
        Example {
            name: "name of a container or a node",
            prefixes: &["node-1  | ", "| ", "kernel | "],
            others: &["a b | ", "node |x "],
        },
        Example { name: "scanner of QR codes", prefixes: &["QR-Code:"], others: &["QR-Code", "Code:"] },
        Example {
            name: "prompt",
            prefixes: &[
                "root@host:~# ",
                "root@host:/home/a# ",
                "[root@host ~]# ",
                "user@host ~ $ ",
                "user@host:~> ",
                "host login: ",
                "Password: ",
                "/ # ",
                "~ # ",
                "sh-5.1# ",
                "bash-4.2$ ",
                "console:/ # ",
                "generic_x86:/data $ ",
                ":/ # ",
                "-sh-4.1# ",
                "(initramfs) ",
            ],
            others: &["# ", "$ ", "login ", "a # ", "user@host ", "lib/a.o # "],
        },
        Example {
            name: "line number",
            prefixes: &["12\t", "1. ", "123: ", "7) ", "7 | "],
            others: &["1 ", "12.5 ", "1:0:0:0: ", "1234567: ", "1:"],
        },
        Example {
            name: "file and line number",
            prefixes: &["kern.log:1:", "/var/log/kern.log:12:", "oops.txt-13-", "dmesg.0:7:", "syslog.1:12:"],
            others: &["mm/slub.c:123:", "oops: ", "a b.log:1:", "0000:00:1f.2: ", "messages: "],
        },
    ];

    /// Where the message begins, by one row alone.
    fn end(row: &Row, line: &str) -> Option<usize> {
        let mut cursor = Cursor::new(line.as_bytes());
        let mut prefix = Prefix { is_logged: true, ..Prefix::default() };
        row.read(&mut cursor, &mut prefix).then(|| cursor.position())
    }

    #[test]
    fn each_row_matches_its_examples() {
        for (pattern, example) in TABLE.into_iter().zip(EXAMPLES) {
            assert_eq!(pattern.name, example.name);
            assert_eq!(example.prefixes.first(), Some(&pattern.example));
            let within_log = pattern.within_log;
            let row = Row::new(pattern);
            for prefix in example.prefixes {
                for message in ["", "RIP: 0010:f+0x1/0x2"] {
                    let line = format!("{prefix}{message}");
                    assert_eq!(end(&row, &line), Some(prefix.len()), "{}: {line}", example.name);
                }
                // The rows that begin alike know it too, and no other one comes first.
                let groups = [&ASTERISK, &BRACKET, &DIGIT, &LETTER, &MARK];
                let read = |group: &Group| {
                    let mut cursor = Cursor::new(prefix.as_bytes());
                    let mut before = Prefix { is_logged: within_log, ..Prefix::default() };
                    group.read(&mut cursor, &mut before).then(|| cursor.position())
                };
                assert!(
                    groups.iter().any(|group| read(group) == Some(prefix.len())),
                    "{}: {prefix}",
                    example.name
                );
            }
            for other in example.others {
                assert_eq!(end(&row, &format!("{other}RIP")), None, "{}: {other}", example.name);
            }
        }
    }

    #[test]
    fn groups_are_taken_in() {
        for (line, program, time_us, caller) in [
            ("6,416,1758426,-,caller=T104;x", false, Some(1_758_426), Some(Caller::Task(104))),
            ("6,416,1758426,-,caller=C1,x=y;x", false, Some(1_758_426), Some(Caller::Cpu(1))),
            ("1 2024-01-23T09:11:20Z host systemd 1 - - x", true, None, None),
            ("01-01 12:00:00.123   123   456 E audio: x", true, None, None),
            ("Jan 23 09:11:20 host systemd[1]: x", true, None, None),
            ("Jan 23 09:11:20 host kernel: x", false, None, None),
            ("2024-01-23T09:11:20+00:00 host systemd: x", true, None, None),
            ("2024-01-23T09:11:20,123456+00:00 CPU: x", false, None, None),
            ("июл 27 14:08:04 host systemd[1]: x", true, None, None),
        ] {
            let prefix = crate::line::strip(line.as_bytes());
            assert_eq!(
                (prefix.is_foreign, prefix.time_us, prefix.caller),
                (program, time_us, caller),
                "{line}"
            );
        }
    }

    #[test]
    fn bytes_need_not_be_utf_8() {
        for prefix in
            [&b"Jan 23 09:11:20 h\xf6st kernel: "[..], b"[Mon Jan  1 12:00:00 2024] ", b"[4:\xff\xfe: 3874] "]
        {
            let line = [prefix, b"RIP: \xff\xfe"].concat();
            let body = crate::line::strip(&line).body;
            assert_eq!(line.get(body), Some(&b"RIP: \xff\xfe"[..]));
        }
    }
}
