// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that were wrapped, cut, encoded or printed twice: the report is the same as that of the bare log.

use std::io::Read;

use super::common::{bare, is_the_same, only, wrapped};

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
