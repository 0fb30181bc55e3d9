// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened, by the report's first line.

use liboops::report::{Block, Kind, Report};

use super::{BuildRoot, Fact};
use crate::decode::{Annotation, AnnotationKind};
use crate::render::access_text;

/// What the kernel puts in front of many a first line.
const PREFIXES: [&str; 7] =
    ["NMI watchdog: ", "watchdog: ", "BUG: ", "WARNING: ", "INFO: ", "Internal error: ", "rcu: "];

/// Says no more than that there was a fault.
const UNABLE: &str = "Unable to handle ";

/// So many lines after the first one are looked at.
const MAX_LINES: usize = 64;

/// Lines that say more, and how they begin or end.
const MORE: [&str; 5] =
    ["Read of size ", "Write of size ", "Free of addr ", "Use-after-free ", "Out-of-bounds "];
const MORE_BY_END: [&str; 3] = [" is trying to acquire lock:", " usage!", " is trying to release lock "];

pub(super) fn facts(
    block: &Block,
    index: usize,
    report: &Report,
    annotations: &[&Annotation],
    root: &BuildRoot,
) -> Vec<Fact> {
    let mut texts = vec![root.stripped_text(&first(report))];
    texts.extend(report.message.as_ref().map(|message| root.stripped_text(message.value.trim())));
    if matches!(report.kind, Kind::Kasan | Kind::Kfence | Kind::Lockdep) {
        texts.extend(more(block, index).map(|text| root.stripped_text(&text)));
    }
    let accesses = annotations.iter().filter_map(|annotation| match &annotation.kind {
        AnnotationKind::Instructions(listing) => {
            listing.access.iter().find(|access| access.is_fault == Some(true))
        }
        _ => None,
    });
    texts.extend(accesses.take(1).map(access_text));
    let called = annotations.iter().find_map(|annotation| match &annotation.kind {
        AnnotationKind::CalledAddress(address) => Some(*address),
        _ => None,
    });
    texts.extend(called.map(|address| format!("address {address:#x} was called, where no code is")));
    if report.panicked && report.kind != Kind::Panic {
        texts.push("then the kernel panicked".to_owned());
    }
    texts.into_iter().map(Fact::new).collect()
}

/// The first line of a report that says what was accessed or locked. One about a lock names it in the next.
fn more(block: &Block, index: usize) -> Option<String> {
    let is_wanted = |text: &str| {
        MORE.iter().any(|begin| text.starts_with(begin)) || MORE_BY_END.iter().any(|end| text.ends_with(end))
    };
    let title = block.reports.get(index)?.title.span.start;
    let first = block.lines.partition_point(|line| line.span.end <= title);
    let lines = block.lines.iter().enumerate().skip(first).take(MAX_LINES);
    let mut messages = lines.filter(|(_, line)| !line.continues).map(|(at, line)| {
        let text = block.rewritten.get(&at).map_or_else(|| block.slice(line.body), Vec::as_slice);
        (line, String::from_utf8_lossy(text).trim().to_owned())
    });
    let own = |line: &liboops::report::Line| line.report.is_none_or(|report| report == index);
    let (_, text) = messages.find(|(line, text)| own(line) && is_wanted(text))?;
    let next = messages.next().filter(|_| text.ends_with(':')).map(|(_, next)| next);
    // `cat/123 is trying to acquire lock:`: which task it is, is said of the report.
    let acquired = next.as_ref().filter(|_| text.ends_with(" is trying to acquire lock:"));
    Some(match (acquired, next.as_ref()) {
        (Some(lock), _) => format!("tries to acquire {lock}"),
        (None, Some(next)) => format!("{text} {next}"),
        (None, None) => text,
    })
}

/// The first line, without what other lines of the head say.
fn first(report: &Report) -> String {
    let title = report.title.value.trim();
    if report.kind == Kind::Fragment {
        return format!("a report whose first lines are missing, from here on: {title}");
    }
    let mut text = title;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    let bracketed = text.strip_prefix("[ ").and_then(|text| text.strip_suffix(']'));
    let text = bracketed.map_or(text, |text| text.trim_start_matches("INFO: ").trim_start_matches("BUG: "));
    // `: 0002 [#1] PREEMPT SMP`
    let text = text.find(" [#").and_then(|at| text.get(..at)).unwrap_or(text);
    let without_code = text.rsplit_once(": ").filter(|(_, code)| is_code(code)).map(|(before, _)| before);
    let text = without_code.unwrap_or(text).trim_end_matches([':', '!', '.', ' ']);
    let text = without_numbers(text);
    let text =
        [UNABLE, &UNABLE.to_lowercase()].iter().find_map(|begin| text.strip_prefix(*begin)).unwrap_or(&text);
    let text = text.split(' ').map(BuildRoot::below_a_root).collect::<Vec<_>>().join(" ");
    let kind = report.kind.name();
    if text.to_lowercase().contains(&kind.to_lowercase()) { text } else { format!("{kind}: {text}") }
}

/// The error code behind the name of an exception.
fn is_code(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Without `CPU: 0 PID: 5 `, and with numbers as they are read: `0000000000000010` is `0x10`.
fn without_numbers(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut all = text.split_whitespace().peekable();
    let mut is_first = true;
    while let Some(word) = all.next() {
        if is_first
            && matches!(word, "CPU:" | "PID:")
            && all.peek().is_some_and(|it| it.parse::<u32>().is_ok())
        {
            all.next();
            continue;
        }
        is_first = false;
        let digits = word.trim_end_matches(',');
        let is_padded = digits.len() == 16 && digits.starts_with("0000");
        match u64::from_str_radix(digits, 16).ok().filter(|_| is_padded) {
            Some(number) => words.push(format!("{number:#x}{}", word.get(16..).unwrap_or_default())),
            None => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_said_shortly() {
        for (log, text) in [
            (
                "BUG: kernel NULL pointer dereference, address: 0000000000000010",
                "page fault: kernel NULL pointer dereference, address: 0x10",
            ),
            (
                "general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP",
                "general protection fault, probably for non-canonical address 0xdffffc0000000000",
            ),
            ("WARNING: CPU: 0 PID: 5 at kernel/x.c:12 f+0x1/0x2", "warning: at kernel/x.c:12 f+0x1/0x2"),
            (
                "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:12]",
                "soft lockup - CPU#1 stuck for 22s! [x:12]",
            ),
            (
                "NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:12]",
                "soft lockup - CPU#1 stuck for 22s! [x:12]",
            ),
            (
                "BUG: unable to handle kernel paging request at ffffc90001935030",
                "page fault: kernel paging request at ffffc90001935030",
            ),
            (
                "Unable to handle kernel paging request at virtual address fee00001",
                "page fault: kernel paging request at virtual address fee00001",
            ),
            (
                "WARNING: at /builddir/build/BUILD/kernel-3.2.fc16/compat-3.3/include/net/mac80211.h:3618 f+0x1/0x2()",
                "warning: at include/net/mac80211.h:3618 f+0x1/0x2()",
            ),
            ("Kernel panic - not syncing: Fatal exception", "Kernel panic - not syncing: Fatal exception"),
        ] {
            let blocks = liboops::blocks(format!("{log}\n").as_bytes());
            assert_eq!(first(&blocks[0].reports[0]), text);
        }
    }
}
