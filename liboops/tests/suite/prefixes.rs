// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that comes before, between and within the kernel's words on the way of a log: the report is the
//! same as that of the bare log.

use std::io::{Cursor, Read};

use liboops::report::{Place, Report, Span};

/// The page fault without times.
fn bare() -> Vec<String> {
    let log =
        String::from_utf8(include_bytes!("../../../tests/fixtures/logs/page_fault.log").to_vec()).unwrap();
    let lines = log.lines().filter(|line| line.starts_with("[   12.5"));
    lines.map(|line| line.split_once("] ").unwrap().1.to_owned()).collect()
}

/// What does not depend on where the log was: a report without spans, time, caller and banner.
fn essence(report: &Report) -> Report {
    fn place(place: &mut Place) {
        place.span = Span::default();
    }
    let mut report = report.clone();
    (report.span, report.title.span) = (Span::default(), Span::default());
    (report.time_us, report.caller, report.context.banner) = (None, None, None);
    report.mentions.iter_mut().for_each(place);
    report.frames.iter_mut().for_each(|frame| place(&mut frame.place));
    report.words.iter_mut().for_each(|word| word.span = Span::default());
    for state in &mut report.states {
        state.pc.iter_mut().for_each(place);
        state.registers.iter_mut().for_each(|register| register.span = Span::default());
        state.code.iter_mut().for_each(|code| code.span = Span::default());
    }
    let context = &mut report.context;
    context.taint.iter_mut().for_each(|taint| taint.span = Span::default());
    context.release.iter_mut().for_each(|release| release.span = Span::default());
    context.kernel_offset.iter_mut().for_each(|offset| offset.span = Span::default());
    context.modules.iter_mut().flatten().for_each(|module| module.span = Span::default());
    report
}

fn only(log: &[u8]) -> Report {
    let blocks = liboops::blocks(log);
    let mut reports: Vec<Report> = blocks.into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{}", String::from_utf8_lossy(log));
    reports.remove(0)
}

fn is_the_same(name: &str, log: &[u8]) {
    let (own, bare) = (essence(&only(log)), essence(&only(bare().join("\n").as_bytes())));
    assert_eq!(own, bare, "{name}:\n{}", String::from_utf8_lossy(log));
}

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
            if name.starts_with("rfc5424") && outer == "<4>" {
                continue;
            }
            is_the_same(&format!("{outer:?} and {name}"), &with(|n| format!("{outer}{}", prefix(n)), "\n"));
        }
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
fn the_system_journal_as_json() {
    let line = |message: &str| {
        let message = serde_json::to_string(message).unwrap();
        format!(
            "{{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":{message},\"_SOURCE_MONOTONIC_TIMESTAMP\":\"12500000\",\"PRIORITY\":\"4\"}}\n"
        )
    };
    let log: String = bare().iter().map(|message| line(message)).collect();
    is_the_same("json", log.as_bytes());
    assert_eq!(only(log.as_bytes()).time_us, Some(12_500_000));
    let pretty = |message: &String| {
        let message = serde_json::to_string(message).unwrap();
        format!(
            "{{\n\t\"_PID\" : \"1\",\n\t\"MESSAGE\" : {message},\n\t\"__REALTIME_TIMESTAMP\" : \"1700000000000000\"\n}}\n"
        )
    };
    is_the_same("json-pretty", bare().iter().map(pretty).collect::<String>().as_bytes());
    let export = |message: &String| {
        format!("__REALTIME_TIMESTAMP=1700000000000000\n_TRANSPORT=kernel\nPRIORITY=4\nMESSAGE={message}\n\n")
    };
    is_the_same("export", bare().iter().map(export).collect::<String>().as_bytes());
    let bytes = |message: &str| {
        let numbers: Vec<String> = message.bytes().map(|byte| byte.to_string()).collect();
        format!("{{\"MESSAGE\":[{}]}}\n", numbers.join(","))
    };
    let lines = bare();
    let mixed: String = lines
        .iter()
        .enumerate()
        .map(|(n, message)| if n == 0 { line(message) } else { bytes(message) })
        .collect();
    is_the_same("json with bytes", mixed.as_bytes());
}

#[test]
fn messages_in_pieces_of_the_network_console() {
    for (between, most) in [("\n", 40), ("", 40), ("\n", 25)] {
        let mut log = String::new();
        for (n, message) in bare().iter().enumerate() {
            let pieces: Vec<&str> =
                message.as_bytes().chunks(most).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            if n == 0 || pieces.len() == 1 {
                log.push_str(&format!("4,{n},12500{n:03},-;{message}\n"));
                continue;
            }
            for (index, piece) in pieces.iter().enumerate() {
                let end = if index + 1 == pieces.len() { "\n" } else { between };
                let (at, total) = (index * most, message.len());
                log.push_str(&format!("4,{n},12500{n:03},-,ncfrag={at}/{total};{piece}{end}"));
            }
        }
        is_the_same("ncfrag", log.as_bytes());
    }
}

#[test]
fn escapes_of_the_console() {
    // Several lines in one record, and a tab.
    let log = "4,1,12500000,-;BUG: kernel NULL pointer dereference, address: 0000000000000010\\x0aRIP: 0010:f+0x1/0x2 [m]\\x0a\\x09RAX: 0000000000000001\n";
    let report = only(log.as_bytes());
    assert_eq!(report.fault().unwrap().pc.as_ref().unwrap().symbol.as_deref(), Some("f"));
    assert_eq!(report.fault().unwrap().register("RAX"), Some(1));
    assert_eq!(report.title.value, "BUG: kernel NULL pointer dereference, address: 0000000000000010");
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

/// Breaks at the last blank before the margin, as mail programs do, and drops it.
fn wrapped(line: &str, margin: usize, quote: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim_end().to_owned();
    while quote.len() + rest.len() > margin {
        let indent = rest.len() - rest.trim_start().len();
        let Some(at) = rest[..margin - quote.len()].rfind(' ').filter(|&at| at > indent) else { break };
        out.push_str(&format!("{quote}{}\n", &rest[..at]));
        rest = rest[at + 1..].to_owned();
    }
    format!("{out}{quote}{rest}\n")
}

#[test]
fn mail_that_was_wrapped() {
    for margin in [72, 76, 78] {
        for quote in ["", "> ", "> > ", ">> "] {
            for time in ["", "[   12.500000] "] {
                let log: String =
                    bare().iter().map(|line| wrapped(&format!("{time}{line}"), margin, quote)).collect();
                is_the_same(&format!("wrapped at {margin} with {quote:?} {time:?}"), log.as_bytes());
            }
        }
    }
}

#[test]
fn quoted_printable() {
    for (header, time) in [(true, ""), (false, ""), (false, "[   12.500000] ")] {
        let mut log = String::new();
        if header {
            log.push_str("Content-Transfer-Encoding: quoted-printable\n\n");
        }
        for line in bare() {
            let mut rest = format!("{time}{line}").replace('=', "=3D");
            while rest.len() > 75 {
                let cut = if rest[73..75].contains('=') { 70 } else { 75 };
                log.push_str(&format!("{}=\n", &rest[..cut]));
                rest = rest[cut..].to_owned();
            }
            log.push_str(&format!("{rest}\n"));
        }
        is_the_same("quoted-printable", log.as_bytes());
    }
}

#[test]
fn parts_that_were_kept_over_a_crash() {
    let lines = bare();
    let part = |from: usize, to: usize, number| {
        let text: String = (from..to).map(|n| format!("<1>[   12.5{n:05}] {}\n", lines[n])).collect();
        format!("Panic#1 Part{number}\n{text}")
    };
    let log = [part(30, lines.len(), 1), part(10, 30, 2), part(0, 10, 3)].concat();
    let mut ordered = Vec::new();
    liboops::pstore::reader(log.as_bytes()).unwrap().read_to_end(&mut ordered).unwrap();
    is_the_same("pstore", &ordered);
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
fn messages_that_are_begun_again() {
    let lines = bare();
    for at in 0..lines.len() {
        for length in [lines[at].len(), 20.min(lines[at].len()), 5.min(lines[at].len()), 0] {
            for end in ["\n", ""] {
                let time = |n: usize| format!("[   12.5{n:05}] ");
                let mut log = String::new();
                for (n, line) in lines.iter().enumerate() {
                    if n == at {
                        let cut = &line[..length];
                        let replay = "** replaying previous printk message **";
                        log.push_str(&format!("{}{cut}{end}{replay}\n", time(n)));
                    }
                    log.push_str(&format!("{}{line}\n", time(n)));
                }
                is_the_same(&format!("line {at} after {length} bytes"), log.as_bytes());
            }
        }
    }
}

#[test]
fn lines_that_klogd_wrote_twice() {
    let lines = [
        ("Unable to handle kernel NULL pointer dereference at virtual address 00000000", ""),
        ("EIP:    0010:[<c0112345>]    Not tainted", "EIP:    0010:[schedule+324/352]    Not tainted"),
        ("Call Trace: [<c0112345>] [<c0109000>]", "Call Trace: [schedule+324/352] [kernel_thread+40/56]"),
        (" [<c8801234>]", " [:nfsd:nfsd_svc+16/32]"),
    ];
    for swapped in [false, true] {
        let both = lines.iter().flat_map(|&(raw, named)| if swapped { [named, raw] } else { [raw, named] });
        let log: String = both
            .filter(|line| !line.is_empty())
            .map(|line| format!("Jan 23 09:11:20 host kernel: {line}\n"))
            .collect();
        let blocks = liboops::blocks(log.as_bytes());
        let report = only(log.as_bytes());
        let found: Vec<_> = report
            .frames
            .iter()
            .map(|frame| (frame.place.symbol.as_deref().unwrap(), frame.place.address.unwrap().0))
            .collect();
        let wanted = [("schedule", 0xc011_2345), ("kernel_thread", 0xc010_9000), ("nfsd_svc", 0xc880_1234)];
        assert_eq!(found, wanted, "{log}");
        assert_eq!(report.frames[1].place.offset, 40);
        assert_eq!(report.frames[2].place.module.as_deref(), Some("nfsd"));
        // Every byte comes out again.
        assert_eq!(String::from_utf8_lossy(&blocks[0].text), log);
    }
}

#[test]
fn a_long_line_and_a_long_log_take_bounded_memory() {
    // A line of 64 MiB with an oops's beginning, then 256 MiB of lines, none of which is held.
    struct Generated {
        left: u64,
        line: Cursor<Vec<u8>>,
    }
    impl Read for Generated {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.left == 0 {
                return Ok(0);
            }
            let count = self.line.read(buffer)?;
            if count == 0 {
                self.line.set_position(0);
                return self.read(buffer);
            }
            self.left = self.left.saturating_sub(count as u64);
            Ok(count)
        }
    }
    let one_line = [b"BUG: ".to_vec(), vec![b'x'; 1 << 16]].concat();
    let many = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n".to_vec();
    let before = resident();
    for (line, size) in [(one_line, 64_u64 << 20), (many, 64 << 20), (vec![0; 4096], 64 << 20)] {
        let (mut largest, mut sum) = (0, 0_u64);
        liboops::stream(Generated { left: size, line: Cursor::new(line) }, |event| {
            let length = match event {
                liboops::Event::Text(text) => text.len(),
                liboops::Event::Block(block) => block.text.len(),
            };
            largest = largest.max(length);
            sum += length as u64;
            Ok(())
        })
        .unwrap();
        assert!(sum >= size && largest <= 5 << 20, "{sum} {largest}");
    }
    // The peak is that of all tests of this process.
    let grown = resident().saturating_sub(before);
    assert!(grown < 200 << 20, "{grown}");
}

/// The most memory so far, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
