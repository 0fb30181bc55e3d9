// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whatever comes before the kernel's words, the report is the same as that of the bare log.

use super::common::{bare, is_the_same, only};

/// What is before the message in the line of this number.
type Prefix = fn(usize) -> String;

/// Each with its name.
const PREFIXES: &[(&str, Prefix)] = &[
    ("bare", |_| String::new()),
    ("printk", |n| format!("[   12.5{n:05}] ")),
    ("caller task", |n| format!("[   12.5{n:05}][  T321] ")),
    ("caller cpu", |n| format!("[   12.5{n:05}][    C1] ")),
    ("level", |_| "<4>".into()),
    ("level and time", |n| format!("<1>[   12.5{n:05}] ")),
    ("dmesg -T", |_| "[Mon Jan  1 12:00:00 2024] ".into()),
    ("dmesg -e", |_| "[Jan 1 12:00] ".into()),
    ("dmesg -d", |n| format!("[   12.5{n:05} <    0.000010>] ")),
    ("iso", |n| format!("2024-01-01T12:00:00,1{n:05}+00:00 ")),
    ("fractions cut off", |_| "[   12.] ".into()),
    ("relative", |_| "[  +0.000012] ".into()),
    ("dmesg -x", |n| format!("kern  :err   : [   12.5{n:05}] ")),
    ("rfc3164", |_| "Jan 23 09:11:20 host kernel: ".into()),
    ("rfc3164 with time", |n| format!("Jan  3 09:11:20 host kernel: [   12.5{n:05}] ")),
    ("rfc5424", |_| "<4>1 2024-01-23T09:11:20.123456+00:00 host kernel - - - ".into()),
    ("rfc5424 with data", |_| "<4>1 2024-01-23T09:11:20Z host kernel - - [meta sequenceId=\"1\"] ".into()),
    ("syslog with iso time", |n| format!("2024-01-23T09:11:20.123456+00:00 host kernel: [   12.5{n:05}] ")),
    ("journal short-precise", |_| "Jan 23 09:11:20.123456 host kernel: ".into()),
    ("journal short-iso", |_| "2024-01-23T09:11:20+0000 host kernel: ".into()),
    ("journal short-monotonic", |n| format!("[   12.5{n:05}] host kernel: ")),
    ("journal short-delta", |n| format!("[   12.5{n:05} <    0.000001 >] host kernel: ")),
    ("journal short-unix", |_| "1700000000.123456 host kernel: ".into()),
    ("journal short-full", |_| "Tue 2024-01-23 09:11:20 CET host kernel: ".into()),
    ("/dev/kmsg", |n| format!("4,{n},12500{n:03},-;")),
    ("extended console", |n| format!("4,{n},12500{n:03},-,caller=T104;")),
    ("extended console with release", |n| format!("6.1.0-99-amd64,4,{n},12500{n:03},-;")),
    ("times of a host in a column and of the kernel", |n| format!("host1: [   14.000000] [   12.5{n:05}] ")),
    ("time that lost its bracket", |n| {
        if n % 2 == 0 { format!("   12.5{n:05}] ") } else { format!("[   12.5{n:05}] ") }
    }),
    ("time that lost more, and caller", |n| format!("2.5{n:05}][  T321] ")),
    ("serial line of a login", |n| format!("host login: [   12.5{n:05}] ")),
    ("dropped", |_| "** 12 printk messages dropped ** ".into()),
    ("logcat threadtime", |n| format!("01-01 12:00:00.123   123   456 E kernel  : <4>[   12.5{n:05}] ")),
    ("logcat brief", |_| "E/kernel  (  123): ".into()),
    ("lab with clock", |n| format!("12:00:00.123456  [   12.5{n:05}] ")),
    ("lab with date", |n| format!("2024-01-23T09:11:20.123456 [   12.5{n:05}] ")),
    ("terminal program", |_| "[2024-01-23 09:11:20.123] ".into()),
    ("quoted mail", |n| format!("> > [   12.5{n:05}] ")),
    ("mail quoted twice", |_| ">> ".into()),
    ("mail quoted without blanks", |_| ">".into()),
    ("mail quoted three times", |n| format!(">>> [   12.5{n:05}] ")),
    ("mail quoted, with level", |_| ">> <4>".into()),
    ("mail quoted, with host", |_| ">Jan  3 12:00:00 host kernel: ".into()),
    ("Russian syslog", |_| "июл 27 14:08:04 host kernel: ".into()),
    ("Russian syslog with time", |n| format!("июл 27 14:08:04 host kernel: [   12.5{n:05}] ")),
    ("German dmesg -T", |_| "[Di Jul 27 14:08:04 2021] ".into()),
    ("Japanese dmesg -T", |_| "[火  7月 27 14:08:04 2021] ".into()),
    ("French journalctl -o short-full", |_| "mar. 2024-01-23 09:11:20 CET host kernel: ".into()),
    ("French journal", |_| "juil. 27 14:08:04 host kernel: ".into()),
    ("Chinese journal", |_| "7月 27 14:08:04 host kernel: ".into()),
    ("Korean dmesg -T", |_| "[화  7월 27 14:08:04 2021] ".into()),
    ("Korean syslog", |_| " 2월 13 09:11:20 host kernel: ".into()),
    ("Chinese syslog with a blank", |_| " 3月 12 09:01:02 host kernel: ".into()),
    ("Japanese syslog with blanks", |n| format!("   7月 12 09:01:02 host kernel: [   12.5{n:05}] ")),
    ("blank before a syslog date", |_| " Jan 23 09:11:20 host kernel: ".into()),
    ("blank before an ISO date", |_| " 2024-01-23T09:11:20.123456+00:00 host kernel: ".into()),
    ("blank before a Russian date", |_| " июл 27 14:08:04 host kernel: ".into()),
    ("cat -n", |n| format!("{:6}\t", n + 1)),
    ("less -N", |n| format!("{:7} ", n + 1)),
    ("list", |n| format!("{}. ", n + 1)),
    ("numbers and colons", |n| format!("{}: ", n + 1)),
    ("numbers and colons, aligned", |n| format!("{:3}: ", n + 1)),
    ("numbers and bars", |n| format!("{:3} | ", n + 1)),
    ("grep -n", |n| format!("{}:", n + 1) + "[   12.500000] "),
    ("grep -n of several files", |n| format!("kern.log:{}:", n + 1)),
    ("grep of several files", |_| "/var/log/kern.log.1:".into()),
    ("grep -C of several files", |n| format!("./oops-1.txt-{}-", n + 1)),
    ("twelve hours", |_| "May 01 10:00:00 AM host kernel: ".into()),
    ("twelve hours with numbers", |_| "05/01/2024 10:00:00 AM host kernel: ".into()),
    ("twelve hours without leading zeros", |n| format!("5/1/2024 9:00:00 PM [   12.5{n:05}] ")),
    ("Chinese date", |_| "2024年05月01日 10:00:00 host kernel: ".into()),
    ("Korean date", |_| "2024년 05월 01일 10:00:00 host kernel: ".into()),
    ("capital kernel", |_| "Kernel: ".into()),
    ("comma", |n| format!("[   12,5{n:05}] ")),
    ("comma and syslog", |n| format!("Jan 23 09:11:20 host kernel: [   12,5{n:05}] ")),
    ("Unisoc", |n| format!("[   12.5{n:05}] c2    321 ")),
    ("Chinese dmesg -T", |_| "[周二 7月 27 14:08:04 2021] ".into()),
    ("French dmesg -T", |_| "[mar. juil. 27 14:08:04 2021] ".into()),
    ("Catalan dmesg -T", |_| "[dt. de jul. 27 14:08:04 2021] ".into()),
    ("Vietnamese dmesg -T", |_| "[Th 3 Thg 7 27 14:08:04 2021] ".into()),
    ("Hebrew dmesg -T", |_| "[ג' יול 27 14:08:04 2021] ".into()),
    ("German syslog with the day", |_| "Di, 27. Jul 14:08:04 host kernel: ".into()),
    ("BusyBox syslog", |_| "Jan 23 09:11:20 host kern.alert kernel: ".into()),
    ("OpenWrt", |n| format!("Tue Jul 27 14:08:04 2021 kern.alert kernel: [   12.5{n:05}] ")),
    ("OpenWrt without time", |_| "Tue Jul 27 14:08:04 2021 kern.warn kernel: ".into()),
    ("broadcast", |_| " kernel:".into()),
    ("broadcast with time", |n| format!(" kernel:[   12.5{n:05}] ")),
    ("HiSilicon", |n| format!("[   12.5{n:05}s][pid:0,cpu0,swapper/0]")),
    ("HiSilicon with level", |n| format!("<4>[   12.5{n:05}s][2024:01:23 09:11:20][pid:7,cpu1,tool]")),
    ("Unisoc", |n| format!("[   12.5{n:05}] c2 ")),
    ("Unisoc with task", |n| format!("[   12.5{n:05}] c0 1 (swapper/0) ")),
    ("Amlogic", |n| format!("[   12.5{n:05}@2] ")),
    ("Amlogic 4.9", |n| format!("[   12.5{n:05}@2]- ")),
    ("Lenovo", |n| format!("[   12.5{n:05},3] ")),
    ("LG", |n| format!("[   12.5{n:05} / 01-23 09:11:20.123] ")),
    ("Qualcomm", |n| format!("[   12.5{n:05}] (CPU:2-pid:7:tool) ")),
    ("Oppo", |n| format!("[20240123_09:11:20.1{n:05}]@2 ")),
    ("MediaTek", |n| format!("<4>[   12.5{n:05}]  (5)[1234:kworker/5:1]")),
    ("MediaTek without interrupts", |n| format!("[   12.5{n:05}]-(5)[1234:kworker/5:1]")),
    ("MediaTek with file", |n| format!("[   12.5{n:05}] (5)[1234:tool][name:traps&]")),
    ("MediaTek with task and file", |n| format!("[   12.5{n:05}][T1234] tool: [name:traps&]")),
    ("Samsung", |n| format!("<6>[   12.5{n:05}] I[0:      swapper/0:    0] ")),
    ("processor in brackets", |n| format!("[   12.5{n:05}] [cpu2]")),
    ("task with processor", |n| format!("[   12.5{n:05}][T1234@2] ")),
    ("logcat tag", |_| "E/kernel: ".into()),
    ("logcat of the kernel's buffer", |_| "01-01 12:00:00.123     0     0 E ".into()),
    ("logcat with user", |_| "01-01 12:00:00.123  root     0     0 W Kernel  : ".into()),
    ("GitHub", |_| "2024-01-23T09:11:20.1234567Z ".into()),
    ("GitLab", |_| "2024-01-23T09:11:20.123456Z 00O ".into()),
    ("Kubernetes", |_| "2024-01-23T09:11:20.123456789Z stdout F ".into()),
    ("Jenkins", |_| "[2024-01-23T09:11:20.123Z] ".into()),
    ("container", |_| "node-1  | ".into()),
    ("Windows terminal", |_| "[23.01.2024 09:11:20] ".into()),
    ("time of few digits", |_| "[   12.5] ".into()),
    ("colour", |n| format!("\x1b[32m[   12.5{n:05}] \x1b[0m\x1b[31m")),
];

fn with(prefix: impl Fn(usize) -> String, end: &str) -> Vec<u8> {
    let lines = bare().into_iter().enumerate();
    lines.map(|(number, line)| format!("{}{line}{end}", prefix(number))).collect::<String>().into_bytes()
}

#[test]
fn each_prefix() {
    for (name, prefix) in PREFIXES {
        for end in ["\n", "\r\n", "\0\n", "  \n"] {
            is_the_same(name, &with(prefix, end));
        }
    }
}

#[test]
fn a_stack_of_prefixes() {
    let outer = ["<4>", "> ", "> > ", "Jan 23 09:11:20 host kernel: ", "12:00:00.123456 ", "\x1b[1m"];
    for outer in outer {
        for (name, prefix) in PREFIXES {
            // A prefix that begins its line, whatever it is stacked on, and one of a syslog in another.
            let begins_its_line = name.starts_with("broadcast") || *name == "less -N";
            if name.starts_with("rfc5424") && outer == "<4>" || begins_its_line {
                continue;
            }
            is_the_same(&format!("{outer:?} and {name}"), &with(|n| format!("{outer}{}", prefix(n)), "\n"));
        }
    }
}

#[test]
fn rows_of_a_table() {
    for before in [
        r#""2024-05-01 10:00:00","host","kernel: "#,
        r#""2024-05-01 10:00:00","host","kernel",""#,
        r#""May  1, 2024 @ 10:00:00.000","[   12.500000] "#,
    ] {
        is_the_same(before, &with(|_| before.to_owned(), "\"\n"));
    }
    // A name of a program's is no row.
    assert!(liboops::blocks(b"\"tool\", \"BUG: no such item\n").is_empty());
}

/// Web pages have no-break spaces in place of blanks in a row; others are of East Asia's typing.
#[test]
fn blanks_of_unicode() {
    for blank in ["\u{a0}", "\u{2009}", "\u{202f}", "\u{3000}", "\u{a0}\u{200b}"] {
        for prefix in ["", "[   12.500000] ", "Jan 23 09:11:20 host kernel: ", "<4>"] {
            let log = String::from_utf8(with(|_| prefix.to_owned(), "\n")).unwrap();
            is_the_same(&format!("all {blank:?} with {prefix:?}"), log.replace(' ', blank).as_bytes());
            let log = String::from_utf8(with(|_| format!("{blank}{prefix}"), "\n")).unwrap();
            is_the_same(&format!("{blank:?} before {prefix:?}"), log.as_bytes());
        }
    }
    for start in
        ["INFO: task tool:77 blocked for more than 120 seconds.", "WARNING: CPU: 0 PID: 7 at a.c:1 f+0x1/0x2"]
    {
        let log = format!(
            "usb 1-1: new device\n{start}\n      Not tainted 6.1.0-99-amd64 #1\nCall Trace:\n <TASK>\n f+0x1/0x2\n </TASK>\n"
        );
        assert_eq!(only(log.replace(' ', "\u{a0}").as_bytes()).title.value, start);
    }
}

#[test]
fn blanks_of_latin_1() {
    let spaced = |log: Vec<u8>| -> Vec<u8> {
        log.into_iter().map(|byte| if byte == b' ' { 0xa0 } else { byte }).collect()
    };
    for prefix in ["", "[   12.500000] ", "Jan 23 09:11:20 host kernel: "] {
        let log = with(|_| prefix.to_owned(), "\n");
        is_the_same(&format!("all with {prefix:?}"), &spaced(log.clone()));
        let lines = log.split_inclusive(|&byte| byte == b'\n').map(|line| [b"\xa0", line].concat());
        is_the_same(&format!("before {prefix:?}"), &lines.collect::<Vec<_>>().concat());
    }
    // In UTF-8 the same byte is the second one of a letter.
    let log = "Kernel panic - not syncing: à la carte\n";
    assert_eq!(only(log.as_bytes()).title.value, log.trim_end());
}

#[test]
fn rows_of_a_stack_have_no_line_numbers() {
    let rows = ["9880: c7a1d000 c7a1d040 00000000", "1000: c7a1d000"];
    for row in rows {
        let log = format!("Internal error: Oops: 17 [#1] ARM\nStack: (0xc7a19880 to 0xc7a1a000)\n{row}\n");
        let blocks = liboops::blocks(log.as_bytes());
        assert_eq!(blocks[0].text_at(blocks[0].lines[2].body), row);
    }
}

#[test]
fn spans_of_decoded_messages_are_those_of_the_log() {
    let colours = with(|n| format!("\x1b[32m[   12.5{n:05}] \x1b[0m"), "\x1b[0m\n");
    let report = only(&colours);
    let blocks = liboops::blocks(&colours);
    let fault = report.fault().unwrap();
    let rbx = fault.registers.iter().find(|register| register.name == "RBX").unwrap();
    assert_eq!(blocks[0].text_at(rbx.span), "ffffffffc0a02018");
    assert_eq!(blocks[0].text_at(report.frames[1].place.span), "meter_store+0x12/0x40 [meter]");
    assert!(blocks[0].text_at(fault.code.as_ref().unwrap().span).starts_with("Code: 90 90"));
}

#[test]
fn lines_of_others_do_not_count() {
    let lines = bare();
    let mut log = String::new();
    for (n, line) in lines.iter().enumerate() {
        log.push_str(&format!("Jan 23 09:11:20 host kernel: [   12.5{n:05}] {line}\n"));
        log.push_str("Jan 23 09:11:20 host systemd[1]: BUG: kernel NULL pointer dereference\n");
    }
    is_the_same("other programs", log.as_bytes());
}

#[test]
fn a_dump_of_a_program_in_between() {
    let dump = [
        "Jan 23 09:11:20 host systemd-coredump[812]: Process 321 (my tool) of user 0 dumped core.\n",
        "                                            \n",
        "                                            Stack trace of thread 321:\n",
        "                                            #0  0x00007f9a1c1f1300 __GI___libc_write (libc.so.6 + 0xfa300)\n",
        "                                            #1  0x000055d0a1c0a1c0 main (/usr/bin/tool + 0x11c0)\n",
        "                                            ELF object binary architecture: AMD x86-64\n",
    ]
    .concat();
    let monotonic =
        "[   12.500060] host systemd-coredump[812]: Process 321 (my tool) of user 0 dumped core.\n";
    let iso = "2024-01-23T09:11:20+0000 host systemd-coredump[812]: #0  0x00007f9a1c1f1300 write (libc.so.6 + 0xfa300)\n";
    for (dump, kernel) in [
        (dump.as_str(), "Jan 23 09:11:20 host kernel: "),
        (monotonic, "[   12.500060] host kernel: "),
        (iso, "2024-01-23T09:11:20+0000 host kernel: "),
    ] {
        for at in 0..bare().len() {
            let line =
                |(n, line): (usize, String)| format!("{}{kernel}{line}\n", if n == at { dump } else { "" });
            let log: String = bare().into_iter().enumerate().map(line).collect();
            is_the_same(&format!("dump before line {at}"), log.as_bytes());
        }
    }
}

#[test]
fn rows_of_a_memory_dump_are_no_quotation() {
    let row = ">ffff888107a3c000: fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb";
    for prefix in ["", "[   12.500000] ", "<4>", "> ", ">", ">> "] {
        let start = "BUG: KASAN: use-after-free in f+0x1/0x2";
        let log = format!("{prefix}{start}\n{prefix}Memory state around the buggy address:\n{prefix}{row}\n");
        let blocks = liboops::blocks(log.as_bytes());
        let body = blocks[0].lines[2].body;
        assert_eq!(blocks[0].text_at(body), row, "{prefix:?}");
        assert_eq!(only(log.as_bytes()).title.value, start, "{prefix:?}");
    }
}

/// The system journal, containers and programs that collect logs wrap the kernel's lines in JSON.
#[test]
fn json_with_the_kernels_time() {
    for (before, after) in [
        (r#"{"MESSAGE": ""#, r#"", "_TRANSPORT": "kernel"}"#),
        (r#"{"log":""#, r#"\n","stream":"stdout","time":"2024-01-23T09:11:20.123456Z"}"#),
        (r#"{"@timestamp":"2024-01-23T09:11:20.123Z","message":""#, r#"","host":{"name":"host"}}"#),
    ] {
        let lines = bare();
        let log: String =
            (0..).zip(&lines).map(|(n, line)| format!("{before}[   12.5{n:05}] {line}{after}\n")).collect();
        is_the_same(before, log.as_bytes());
    }
    // What other programs write.
    assert!(liboops::blocks(b"{\"level\":\"error\",\"msg\":\"BUG: no such item\"}\n").is_empty());
}
