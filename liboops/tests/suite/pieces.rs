// SPDX-License-Identifier: MIT OR Apache-2.0
//! A log is read the same however much of it the reader returns at once: a pipe gives a few lines, a file
//! much.

use std::io::{self, Read};

use liboops::report::Block;
use liboops::{Event, stream};

use super::common::logs;

/// Reads at most so many bytes at once.
struct Pieces<'d>(&'d [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(self.1);
        self.0.read(&mut buffer[..size])
    }
}

fn in_pieces(log: &[u8], bytes: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    stream(Pieces(log, bytes), |event| {
        if let Event::Block(block) = event {
            blocks.push(block);
        }
        Ok(())
    })
    .unwrap();
    blocks
}

#[test]
fn logs_from_each_of_their_lines_on() {
    for (path, log) in logs() {
        // Each part is read to its end.
        let log = &log[..log.len().min(8 << 10)];
        let starts = memchr::memchr_iter(b'\n', log).map(|end| end + 1);
        for start in starts.step_by(37) {
            let part = &log[start..];
            let whole = liboops::blocks(part);
            for bytes in [1, 200] {
                assert!(in_pieces(part, bytes) == whole, "{path}: from {start} on, by {bytes}");
            }
        }
    }
}

#[test]
fn lines_without_a_word_that_is_searched_for_wait_for_the_next() {
    let log = b"noise\n[   12.500090] RSP: 0018:ffffb1a7c0243d28 EFLAGS: 00010246\n\
        [   12.500100] RAX: 0000000000000000 RBX: ffffffffc0a02018 RCX: 0000000000000000\n\
        [   12.500110] RDX: 0000000000000000 RSI: ffffffffc0a02018 RDI: 0000000000000000\n\
        [   12.500120] Call Trace:\n[   12.500130]  meter_store+0x1b/0x30 [meter]\n";
    let whole = liboops::blocks(log);
    assert_eq!(whole[0].base, 6);
    assert!(in_pieces(log, 1) == whole);
}

#[test]
fn a_crash_of_a_program_is_known_from_an_earlier_piece() {
    let log =
        b"[   12.5] tool[77]: segfault at 0 ip 000055d0c0ffee12 sp 00007ffc0 error 4 in tool[55d0c0+1000]\n\
        [   12.6] Code: 90 90 90 90 0f 1f 44 00 00 48 8b 07 <48> c7 47 10 00 00 00 00 31 c0 c3 cc cc cc cc\n";
    assert!(liboops::blocks(log).is_empty());
    assert!(in_pieces(log, 61).is_empty());
}

#[test]
fn the_line_that_explains_a_bug_waits_with_the_next() {
    let log = b"[  486.8] skbuff: skb_over_panic: text:ffffffff847fe683 len:213316 put:213008\n\
        [  486.9] ------------[ cut here ]------------\n[  486.9] kernel BUG at net/core/skbuff.c:105!\n";
    let whole = liboops::blocks(log);
    assert_eq!(whole[0].base, 0);
    assert!(in_pieces(log, 1) == whole);
}

/// The buffer ends at each line of a report in its turn.
#[test]
fn the_end_of_the_buffer_anywhere_in_a_report() {
    const BUFFER: usize = 1 << 18;
    let filler =
        b"[    1.000000] usb 1-1: new high-speed device number 2, a line like any other in a long log\n";
    for (path, log) in logs().into_iter().step_by(41) {
        let log = &log[..log.len().min(4 << 10)];
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', log).collect();
        for end in ends.iter().step_by(11) {
            for shift in [0, 1, 30] {
                // After the report's line `end`, plus a few bytes.
                let Some(before) = BUFFER.checked_sub(end + 1 + shift) else { continue };
                let mut text: Vec<u8> = filler.iter().copied().cycle().take(before - 1).collect();
                text.push(b'\n');
                text.extend_from_slice(log);
                let whole = liboops::blocks(&text);
                let pieces = in_pieces(&text, 10_007);
                assert!(
                    whole == pieces,
                    "{path}: buffer ends {shift} behind {end}: {} {}",
                    whole.len(),
                    pieces.len()
                );
            }
        }
    }
}

/// Has nothing at the moment after each piece, for so many reads.
struct Pausing<'d> {
    pieces: Vec<&'d [u8]>,
    pauses: u32,
    paused: u32,
}

impl Read for Pausing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.paused < self.pauses {
            self.paused += 1;
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.paused = 0;
        if self.pieces.is_empty() {
            return Ok(0);
        }
        self.pieces.remove(0).read(buffer)
    }
}

/// The texts and blocks of a log that is written with pauses.
fn with_pauses(pieces: &[&str], pauses: u32) -> Vec<String> {
    let mut parts = Vec::new();
    let pieces = pieces.iter().map(|piece| piece.as_bytes()).collect();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    stream(Pausing { pieces, pauses, paused: 0 }, |event| {
        parts.push(match event {
            Event::Text(bytes) => text(bytes),
            Event::Block(block) => format!("{}: {}", block.reports.len(), text(&block.text)),
        });
        Ok(())
    })
    .unwrap();
    parts
}

#[test]
fn a_report_that_has_ended_is_passed_on_at_a_pause() {
    let begin = "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f+0x1/0x2\n";
    let end = "Call Trace:\n g+0x1/0x2\n---[ end trace 0000000000000000 ]---\n";
    let after = "usb 1-1: new device\n";
    let report = format!("1: {begin}{end}");
    // Without pauses, the line behind the end is looked at.
    assert_eq!(with_pauses(&[begin, end, after], 0), [format!("{report}{after}")]);
    // A pause before the end does no harm, and one behind it is the end.
    assert_eq!(with_pauses(&[begin, end, after], 1), [report.as_str(), after]);
    // After a long pause it is passed on as it is.
    let long = with_pauses(&[begin, after], 10);
    assert_eq!(long, [format!("1: {begin}"), after.to_owned()]);
    // Half a line waits for the rest of it.
    assert_eq!(with_pauses(&["usb 1", "-1: new device\n"], 3).concat(), after);
}

#[test]
fn lines_of_ksymoops_are_no_part_of_a_report() {
    let log = "  ;; what    page fault: BUG: unable to handle page fault for address: 1\n\
               BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
               RIP: 0010:f+0x1/0x2\n";
    let ours = "  ;; RIP f at a.c:12\n".repeat(200);
    let log = format!("{log}{ours}Call Trace:\n g+0x1/0x2\n");
    let blocks = in_pieces(log.as_bytes(), 1 << 16);
    assert_eq!((blocks.len(), blocks[0].reports.len()), (1, 1));
    assert_eq!(blocks[0].reports[0].frames.len(), 1);
}
