// SPDX-License-Identifier: MIT OR Apache-2.0
//! A log as a kernel up to 4.9 would have printed it: with the words of the stack, behind `Stack:`, and with
//! addresses in the call trace. What they are gdb has read at the stop.
//!
//! Without these words ksymoops says nothing of callers, and no later kernel prints them.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::Value;

use super::registers::register_of;

const WORDS_IN_ROW: usize = 4;

/// Puts the words of each stop into its report. `pairs` are stops and reports, in the order of the log; what
/// is in no report stays as it is.
pub fn insert(log: &str, pairs: &[(&Value, &Value)]) -> String {
    let mut text = String::new();
    let mut lines = log.lines().peekable();
    for (stop, report) in pairs {
        let own: Vec<&str> =
            report["text"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(first) = own.first() else { continue };
        while let Some(line) = lines.next_if(|line| !line.ends_with(first)) {
            push(&mut text, line);
        }
        let mut stack = Stack::of(stop);
        let mut is_before_trace = true;
        for _ in 0..own.len() {
            let Some(line) = lines.next() else { break };
            let (time, message) = split_time(line);
            if message == "Call Trace:" && is_before_trace {
                is_before_trace = false;
                push(&mut text, &format!("{time}Stack:"));
                for row in stack.rows() {
                    push(&mut text, &format!("{time} {row}"));
                }
            }
            match message {
                // Not printed by these kernels.
                " <TASK>" | " </TASK>" => {}
                _ if is_before_trace => push(&mut text, &format!("{time}{}", stack.with_pc(message))),
                _ => push(&mut text, &format!("{time}{}", stack.with_address(message))),
            }
        }
    }
    lines.for_each(|line| push(&mut text, line));
    text
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// `[    1.234567] ` and the rest.
fn split_time(line: &str) -> (&str, &str) {
    let end = line.starts_with('[').then(|| line.find("] ")).flatten();
    end.and_then(|end| line.split_at_checked(end.saturating_add(2))).unwrap_or(("", line))
}

/// The stack at a stop.
struct Stack {
    pc: Option<u64>,
    words: Vec<u64>,
    /// Words that calls return to: function, offset, word. The next ones are those of the trace to come.
    returns: VecDeque<(String, u64, u64)>,
}

impl Stack {
    fn of(stop: &Value) -> Self {
        let array = |name| stop[name].as_array().into_iter().flatten();
        let words: Vec<u64> = array("stack").filter_map(Value::as_u64).collect();
        let named = |one: &Value| {
            let word = words.get(usize::try_from(one[0].as_u64()?).ok()?)?;
            Some((one[1].as_str()?.to_owned(), one[2].as_u64()?, *word))
        };
        let returns = array("returns").filter_map(named).collect();
        Self { pc: register_of(stop, "rip"), words, returns }
    }

    fn rows(&self) -> impl Iterator<Item = String> {
        self.words.chunks(WORDS_IN_ROW).map(|words| {
            let mut row = String::new();
            for (index, word) in words.iter().enumerate() {
                let space = if index > 0 { " " } else { "" };
                let _ = write!(row, "{space}{word:016x}");
            }
            row
        })
    }

    /// `RIP: 0010:f+0x1/0x2` as `RIP: 0010:[<ffffffff81000001>]  [<ffffffff81000001>] f+0x1/0x2`.
    fn with_pc(&self, message: &str) -> String {
        let symbol = message.strip_prefix("RIP: 0010:").filter(|symbol| symbol.contains('+'));
        match symbol.zip(self.pc) {
            Some((symbol, pc)) => format!("RIP: 0010:[<{pc:016x}>]  [<{pc:016x}>] {symbol}"),
            None => message.to_owned(),
        }
    }

    /// ` f+0x1/0x2 [m]`, an entry of a trace, as ` [<ffffffff81000001>] f+0x1/0x2 [m]`, if its address is among
    /// the words that are still to come: these kernels went through the stack word by word.
    fn with_address(&mut self, message: &str) -> String {
        let Some((entry, word)) =
            message.strip_prefix(' ').and_then(|entry| Some((entry, self.take(entry)?)))
        else {
            return message.to_owned();
        };
        format!(" [<{word:016x}>] {entry}")
    }

    fn take(&mut self, entry: &str) -> Option<u64> {
        let (name, rest) = entry.strip_prefix("? ").unwrap_or(entry).split_once("+0x")?;
        let offset = u64::from_str_radix(rest.split_once('/')?.0, 16).ok()?;
        let at = self.returns.iter().position(|one| (one.0.as_str(), one.1) == (name, offset))?;
        self.returns.drain(..=at).next_back().map(|one| one.2)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_as_an_old_kernel_prints_it() {
        let log = "[    1.0] before\n[    1.1] BUG: x\n[    1.2] RIP: 0010:f+0x4/0x20 [m]\n\
                   [    1.3] Call Trace:\n[    1.3]  <TASK>\n[    1.4]  g+0x8/0x10 [m]\n[    1.4]  ? g+0x8/0x10\n\
                   [    1.5]  h+0x1/0x2\n[    1.5]  </TASK>\n[    1.6] after\n";
        let text: Vec<&str> = log.lines().skip(1).take(8).map(|line| split_time(line).1).collect();
        let stop = json!({
            "registers": { "rip": 0xffff_ffff_c000_0004_u64 },
            "stack": [1, 2, 0xffff_ffff_c000_0028_u64, 3, 0xffff_ffff_c000_0028_u64],
            "returns": [[2, "g", 8], [4, "g", 8]],
        });
        let report = json!({ "text": text });
        assert_eq!(
            insert(log, &[(&stop, &report)]),
            "[    1.0] before\n[    1.1] BUG: x\n\
             [    1.2] RIP: 0010:[<ffffffffc0000004>]  [<ffffffffc0000004>] f+0x4/0x20 [m]\n[    1.3] Stack:\n\
             [    1.3]  0000000000000001 0000000000000002 ffffffffc0000028 0000000000000003\n\
             [    1.3]  ffffffffc0000028\n[    1.3] Call Trace:\n[    1.4]  [<ffffffffc0000028>] g+0x8/0x10 [m]\n\
             [    1.4]  [<ffffffffc0000028>] ? g+0x8/0x10\n[    1.5]  h+0x1/0x2\n[    1.6] after\n"
        );
    }
}
