// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every span of every report points at the bytes that the value was read from, whatever happened to the log
//! on its way. The logs are the fixtures and, where it is at hand, the corpus.

use liboops::report::{Block, Place, Report, Span};

use super::common::{logs, wrapped};

/// What a line becomes on the way.
type Damage = fn(&str) -> String;

fn quoted_printable(line: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for letter in line.chars() {
        let piece = match letter {
            '=' | '\t' => format!("={:02X}", u32::from(letter)),
            _ => letter.to_string(),
        };
        if width + piece.len() > 75 {
            out.push_str("=\n");
            width = 0;
        }
        width += piece.len();
        out.push_str(&piece);
    }
    out + "\n"
}

fn json(line: &str) -> String {
    format!(
        "{{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":{},\"PRIORITY\":\"4\"}}\n",
        serde_json::to_string(line).unwrap()
    )
}

const DAMAGES: [(&str, Damage); 9] = [
    ("escapes of a web page", |line| format!("{}\n", line.replace('<', "&lt;").replace('>', "&gt;"))),
    ("nothing", |line| format!("{line}\n")),
    ("line ends of DOS", |line| format!("{line}\r\n")),
    ("a mail's wraps", |line| wrapped(line, 72, "")),
    ("a mail's wraps and quotation marks", |line| wrapped(line, 76, "> > ")),
    ("a mail's encoding", quoted_printable),
    ("colours", |line| format!("\x1b[1;32m{}\x1b[0m\n", line.replace(' ', " \x1b[31m"))),
    ("escapes of the console", |line| format!("{}\n", line.replace('\t', "\\x09"))),
    ("JSON of the system journal", json),
];

/// Without encodings and blanks: what is left must be what the value was read from.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if let Some(after) = rest.strip_prefix("\x1b[") {
            after.find(|letter: char| letter.is_ascii_alphabetic()).map(|at| at + 3)
        } else if rest.starts_with("=\n") {
            Some(2)
        } else if rest.starts_with("=3D") {
            out.push('=');
            Some(3)
        } else if rest.starts_with("=09") {
            Some(3)
        } else if rest.starts_with("&lt;") || rest.starts_with("&gt;") {
            out.push(if rest.starts_with("&l") { '<' } else { '>' });
            Some(4)
        } else if rest.starts_with("\\x09") {
            Some(4)
        } else if rest.starts_with("\\t") {
            Some(2)
        } else if rest.starts_with("\\\"") || rest.starts_with("\\\\") {
            out.push_str(&rest[1..2]);
            Some(2)
        } else if rest.starts_with("\n> > ") {
            Some(5)
        } else {
            None
        };
        match skipped {
            Some(count) => rest = &rest[count..],
            None => {
                if !letter.is_whitespace() && letter != '\0' {
                    out.push(letter);
                }
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    out
}

struct Check<'t> {
    name: String,
    block: &'t Block,
    report: &'t Report,
}

impl Check<'_> {
    fn text(&self, span: Span) -> String {
        assert!(span.start <= span.end, "{}: {span:?}", self.name);
        bare(&self.block.text_at(span))
    }

    fn is(&self, span: Span, value: &str) {
        assert_eq!(self.text(span), bare(value), "{}: {span:?}", self.name);
    }

    fn number(&self, span: Span, value: u64) {
        let text = self.text(span).replace("(null)", "0");
        assert_eq!(u64::from_str_radix(&text, 16).ok(), Some(value), "{}: {text} at {span:?}", self.name);
    }

    fn place(&self, place: &Place) {
        let text = self.text(place.span);
        let has_address =
            place.address.is_some_and(|address| text.to_lowercase().contains(&format!("{:x}", address.0)));
        // klogd may have written the name and the address in lines of their own, and an instruction pointer
        // may be two lines: then the span has one of both.
        let is_klogd = has_address && text.starts_with("[<") && text.ends_with(">]");
        let parts = [&place.symbol, &place.module, &place.build_id];
        for part in parts.into_iter().flatten() {
            assert!(text.contains(part.as_str()) || is_klogd, "{}: {place:?} at {text:?}", self.name);
        }
        assert!(place.symbol.is_some() || has_address, "{}: {place:?} at {text:?}", self.name);
    }

    fn all(&self) {
        let report = self.report;
        self.is(report.title.span, &report.title.value);
        // At a line, or at a second message in it.
        let start = report.span.start;
        let begins = |line: &liboops::report::Line| {
            line.body.start == start || line.body.start < start && start < line.body.end
        };
        assert!(self.block.lines.iter().any(begins), "{}: {:?}", self.name, report.span);
        report.mentions.iter().for_each(|place| self.place(place));
        report.frames.iter().for_each(|frame| self.place(&frame.place));
        for word in &report.words {
            self.number(word.span, word.value.0);
        }
        for status in &report.fault_status {
            self.number(status.span, status.value.0);
        }
        for state in &report.states {
            state.pc.iter().chain(&state.return_address).for_each(|place| self.place(place));
            for register in &state.registers {
                self.number(register.span, register.value.0);
            }
            if let Some(code) = &state.code {
                let text = self.text(code.span).to_lowercase().replace(['<', '>', '(', ')'], "");
                let labels = ["code:", "instructiondump:", "krnlcode:"];
                assert!(labels.iter().any(|label| text.starts_with(label)), "{}: {text}", self.name);
                // The log has each word as a number, whose lowest byte may be first in memory.
                for word in code.bytes.chunks(code.word_bytes.into()) {
                    let hex = |byte: &u8| format!("{byte:02x}");
                    let (big, little): (String, String) =
                        (word.iter().map(hex).collect(), word.iter().rev().map(hex).collect());
                    assert!(text.contains(&big) || text.contains(&little), "{}: {big}: {text}", self.name);
                }
            }
        }
        let context = &report.context;
        if let Some(release) = &context.release {
            self.is(release.span, &release.value);
        }
        if let Some(taint) = &context.taint {
            // RHEL prints dashes between the letters.
            assert_eq!(self.text(taint.span).replace('-', ""), taint.value, "{}", self.name);
        }
        for module in context.modules.iter().flatten() {
            let flags = if module.flags.is_empty() { String::new() } else { format!("({})", module.flags) };
            self.is(module.span, &format!("{}{flags}", module.name));
        }
        if let Some(offset) = &context.kernel_offset {
            let text = self.text(offset.span);
            assert!(
                text == "disabled" || text.contains(&format!("{:x}", offset.slide.0)),
                "{}: {text}",
                self.name
            );
        }
    }
}

#[test]
fn every_span_points_at_what_was_read() {
    for (damage, apply) in DAMAGES {
        let mut count = 0;
        for (name, log) in logs() {
            let log = String::from_utf8_lossy(&log).into_owned();
            let log: String = log.lines().map(apply).collect();
            for block in liboops::blocks(log.as_bytes()) {
                for report in &block.reports {
                    Check { name: format!("{name} with {damage}"), block: &block, report }.all();
                    count += 1;
                }
            }
        }
        assert!(count >= 3, "{damage}: {count}");
    }
}
