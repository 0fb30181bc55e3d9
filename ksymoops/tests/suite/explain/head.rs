// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rows what, where and who of a head, by regular expressions over the text of the report.

use ksymoops::head::{Fact, Head};

use super::second::{Regex, Text, Verdict, ensure};

/// Checks every statement of the three rows. `around` has lines of no report as well.
pub(super) fn check(text: &Text, around: &Text, head: &Head) -> Verdict {
    let joined = |facts: &[Fact]| facts.iter().map(|fact| fact.text.clone()).collect::<Vec<_>>();
    joined(&head.what).iter().try_for_each(|fact| what(around, fact))?;
    location(text, &joined(&head.location))?;
    joined(&head.who).iter().try_for_each(|fact| who(around, fact))
}

fn hex(digits: &str) -> i128 {
    i128::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap_or(-1)
}

/// Long numbers are in the log; what an instruction accessed is its registers' and the fault's address.
fn what(text: &Text, fact: &str) -> Verdict {
    let all = text.all().to_lowercase();
    let access = Regex::new(r"^(reads|writes|reads and writes|accesses) .* = (0x[0-9a-f]+)").unwrap();
    if let Some(found) = access.captures(fact) {
        for pair in Regex::new(r"[(, ]([a-z0-9_]+)=(0x[0-9a-f]+)").unwrap().captures_iter(fact) {
            // Registers of some processors have names that are not read here.
            let in_log = text.register(&pair[1]);
            ensure(in_log.is_none_or(|value| value == hex(&pair[2])), &format!("another {}", pair[1]))?;
        }
        let address = hex(&found[2]);
        let is_fault = fact.contains(": the fault address");
        let size: i128 = Regex::new(r"(?-u:\b)([0-9]+) bytes?(?-u:\b)")
            .unwrap()
            .captures(fact)
            .map_or(8, |it| it[1].parse().unwrap());
        // The kernel may leave out the displacement.
        let left_out = Regex::new(r"at (?:%[a-z]s:)?(0x[0-9a-f]+)\(")
            .unwrap()
            .captures(fact)
            .map_or(0, |it| hex(&it[1]));
        let is_near = |named: i128| {
            let distance = (named - address) & 0xffff_ffff_ffff_ffff;
            distance < size.max(64) || (address - named) & 0xffff_ffff_ffff_ffff == left_out
        };
        return ensure(
            !is_fault || super::second::named_address(text).is_none_or(is_near),
            "another address",
        );
    }
    for number in Regex::new(r"(?-u:\b)(?:0x)?([0-9a-f]{8,16})(?-u:\b)").unwrap().captures_iter(fact) {
        let digits = number[1].trim_start_matches('0');
        ensure(all.contains(digits), &format!("{} is not in the log", number[1]))?;
    }
    if fact == "then the kernel panicked" {
        return ensure(text.has("Kernel panic - not syncing|Kernel panic: "), "no panic");
    }
    Ok(())
}

/// Names of functions in call traces that the unwinder vouches for, with the number of their line.
fn functions(text: &Text) -> Vec<(usize, String)> {
    let name =
        Regex::new(r"(\? )?(?-u:\b)([A-Za-z_][A-Za-z0-9_.]*)\+(?:0x[0-9a-f]+|[0-9]+)/(?:0x[0-9a-f]+|[0-9]+)")
            .unwrap();
    let all = text.lines.iter().enumerate();
    let found = all.flat_map(|(at, line)| name.captures_iter(line).into_iter().map(move |found| (at, found)));
    found.filter(|(_, found)| found[1].is_empty()).map(|(at, found)| (at, found[2].clone())).collect()
}

/// The name in the source: `f.isra.0` is `f`.
fn base(name: &str) -> &str {
    name.split_once('.').map_or(name, |(base, _)| base)
}

fn location(text: &Text, facts: &[String]) -> Verdict {
    for fact in facts {
        if let Some(callers) = fact.strip_prefix("called by ") {
            called_by(text, callers)?;
            continue;
        }
        if let Some(names) = fact.strip_prefix("uncertain, as all entries are marked ?: ") {
            for name in names.split(", ") {
                let marked = format!(r"\? {}(?:\.[\w.]+)?\+", regex::escape(name));
                ensure(text.has(&marked), &format!("{name} is not marked"))?;
            }
            continue;
        }
        let fact = fact.strip_prefix("first in a module: ").unwrap_or(fact);
        let place =
            Regex::new(r"^([A-Za-z0-9_][A-Za-z0-9_.]*)\+(0x[0-9a-f]+)(/0x[0-9a-f]+)?( \[[\w-]+\])?").unwrap();
        let Some(found) = place.captures(fact) else {
            // An address, a name of Rust, or one with a line that the log has.
            continue;
        };
        let (offset, size) = (hex(&found[2]), found[3].trim_start_matches('/'));
        let size = if size.is_empty() { String::new() } else { format!("/(?:{size}|{})", hex(size)) };
        let pattern =
            format!(r"(?-u:\b){}(?:\.[\w.]+)?\+(?:0x0*{offset:x}|{offset}){size}", regex::escape(&found[1]));
        ensure(text.has(&pattern), &format!("{} is not in the log", &found[0]))?;
        let module = found[4].trim();
        ensure(
            module.is_empty() || text.has(&regex::escape(module.trim_end_matches(']'))),
            "no such module",
        )?;
    }
    Ok(())
}

/// The callers come one behind the other in a call trace, below its heading.
fn called_by(text: &Text, callers: &str) -> Verdict {
    let heading = Regex::new(r"(?i)(call trace:|backtrace:|^trace:|stack backtrace)").unwrap();
    // These have their traces without a heading, and one below may be that of the panic that follows.
    let has_none = text.has("BUG: K(CSAN|MSAN|FENCE): ");
    let begin = text.lines.iter().position(|line| heading.is_match(line) && !has_none).unwrap_or(0);
    let functions = functions(text);
    if functions.is_empty() || text.arch == Some("arm") {
        return Ok(()); // Forms of other processors and of klogd; arm names callers only.
    }
    let mut rest = functions.iter().filter(|(at, _)| *at >= begin).map(|(_, name)| base(name));
    for caller in callers.split(" < ").filter(|caller| !caller.contains([':', '<'])) {
        if functions.iter().any(|(_, name)| base(name) == caller) {
            ensure(rest.any(|name| name == caller), &format!("{caller} is elsewhere in the trace"))?;
        } else {
            // Entries with a source line in place of the offset, and those of arm and ppc64.
            ensure(text.has(&regex::escape(caller)), &format!("{caller} is not in the log"))?;
        }
    }
    Ok(())
}

fn who(text: &Text, fact: &str) -> Verdict {
    let has_word = |word: &str| text.has(&format!(r"(?-u:\b){}(?-u:\b)", regex::escape(word)));
    // A panic after an oops says again what the kernel is, tainted by then.
    let first = Regex::new(r"(Not tainted|Tainted: [G ]*[A-FH-Z]|Tainted: )").unwrap().captures(&text.all());
    let is_tainted = first.map(|found| found[1].starts_with("Tainted: ") && found[1].len() > 9);
    if fact == "not tainted" {
        return ensure(is_tainted == Some(false), "tainted");
    }
    if fact.starts_with("tainted: ") {
        return ensure(is_tainted == Some(true), "not tainted");
    }
    if let Some(kernel) = fact.strip_prefix("kernel ") {
        let release = kernel.split(" #").next().unwrap_or(kernel);
        return ensure(text.all().contains(release), "another release");
    }
    if fact.starts_with("in the init of module ") || fact == "in an init function" {
        return ensure(text.has(r"do_one_initcall|do_init_module"), "no init function");
    }
    for part in fact.split(", ") {
        let number = |prefix: &str| part.strip_prefix(prefix).filter(|rest| rest.parse::<u64>().is_ok());
        if let Some(pid) = number("PID ") {
            ensure(has_word(pid) || text.caller == Some(('T', pid.to_owned())), "another PID")?;
        } else if let Some(cpu) = number("CPU ") {
            let pattern = format!(r"(?i)(?-u:\b)cpu(?:: ?|#| |: #){cpu}(?-u:\b)|\[ *C{cpu}\]");
            ensure(text.has(&pattern) || text.caller == Some(('C', cpu.to_owned())), "another CPU")?;
        } else if part != "the idle task" {
            ensure(text.all().contains(part), &format!("no task {part}"))?;
        }
    }
    Ok(())
}
