// SPDX-License-Identifier: MIT OR Apache-2.0
//! In which task, on which processor, in which kernel.

use liboops::explain::taint_words;
use liboops::report::{Caller, Frame, Report, Trace};

use super::Fact;

/// A longer version is that of a kernel of one's own, with a date.
const MAX_VERSION_LETTERS: usize = 32;

/// Functions that run a module's or the kernel's init functions.
const INITS: [&str; 2] = ["do_one_initcall", "do_init_module"];

pub(super) fn facts(report: &Report) -> Vec<Fact> {
    let context = &report.context;
    let mut texts: Vec<String> = task(report).into_iter().collect();
    texts.extend(init(report));
    let kernel = context.release.as_ref().map(|release| &release.value).map(|release| {
        let version = context.version.as_deref().map(|version| version.trim_start_matches('#'));
        let version = version.map(|version| version.split_whitespace().collect::<Vec<_>>().join(" "));
        match version.filter(|version| version.len() <= MAX_VERSION_LETTERS && !version.is_empty()) {
            Some(version) => format!("kernel {release} #{version}"),
            None => format!("kernel {release}"),
        }
    });
    texts.extend(kernel);
    let release = context.release.as_ref().map_or("", |release| release.value.as_str());
    texts.extend(context.taint.as_ref().map(|letters| taint(&letters.value, release)));
    texts.into_iter().map(Fact::new).collect()
}

/// `tainted: out-of-tree module, unsigned module`; `not tainted`; the letters, if none means anything that is
/// known of this kernel.
fn taint(letters: &str, release: &str) -> String {
    let words: Vec<&str> = taint_words(letters, release).collect();
    let says_nothing = letters.chars().all(|letter| letter == 'G' || letter.is_whitespace());
    match (words.is_empty(), says_nothing) {
        (false, _) => format!("tainted: {}", words.join(", ")),
        (true, true) => "not tainted".to_owned(),
        (true, false) => format!("tainted: {}", letters.trim()),
    }
}

/// `cat, PID 321, CPU 1`
fn task(report: &Report) -> Option<String> {
    let context = &report.context;
    let pid = context.pid.or(match report.caller {
        Some(Caller::Task(number)) => Some(number),
        _ => None,
    });
    let cpu = context.cpu.or(match report.caller {
        Some(Caller::Cpu(number)) => Some(number),
        _ => None,
    });
    let name = context.comm.clone();
    let is_idle = name.as_deref().is_some_and(|name| name.starts_with("swapper/")) && pid == Some(0);
    let name = if is_idle { Some("the idle task".to_owned()) } else { name };
    let pid = pid.filter(|_| !is_idle).map(|pid| format!("PID {pid}"));
    let parts: Vec<String> = [name, pid, cpu.map(|cpu| format!("CPU {cpu}"))].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// In the init function of a module, or of a driver in the kernel.
fn init(report: &Report) -> Option<String> {
    let own = || report.frames.iter().filter(|frame| frame.trace == Trace::Own && !frame.place.unreliable);
    let is_init = |frame: &&Frame| frame.place.symbol.as_deref().is_some_and(|name| INITS.contains(&name));
    let runs = own().position(|frame| is_init(&frame));
    let called = |at: usize| own().take(at).last().and_then(|frame| frame.place.module.clone());
    let of_frames = runs.and_then(called);
    let modules = report.context.modules.iter().flatten();
    // A flag alone says that some module is being loaded, maybe on another processor.
    let loading = || modules.clone().find(|module| module.flags.contains('+')).map(|it| it.name.clone());
    match (runs, of_frames.or_else(|| runs.and_then(|_| loading()))) {
        (Some(_), Some(module)) => Some(format!("in the init of module {module}")),
        (Some(_), None) => Some("in an init function".to_owned()),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn taint_in_words() {
        let said = |letters| taint(letters, "4.18.0-240.el8.x86_64");
        assert_eq!(said("G"), "not tainted");
        assert_eq!(said("GOE"), "tainted: out-of-tree module, unsigned module");
        assert_eq!(said("G  T"), "tainted: G  T", "not what the letter says elsewhere");
    }

    use super::*;

    #[test]
    fn an_oops_in_an_init_function() {
        let log = |frames: &str, modules: &str| {
            let log = format!(
                "BUG: kernel NULL pointer dereference, address: 0000000000000010\nCPU: 0 PID: 0 Comm: swapper/0 \
                 Not tainted 6.1.0 #1\nRIP: 0010:f+0x1/0x2\nCall Trace:\n{frames}Modules linked in: {modules}\n"
            );
            let blocks = liboops::blocks(log.as_bytes());
            facts(&blocks[0].reports[0]).into_iter().map(|fact| fact.text).collect::<Vec<_>>().join("; ")
        };
        let in_module = log(" meter_init+0x1/0x2 [meter]\n do_one_initcall+0x1/0x2\n", "meter(OE+) ext4");
        assert_eq!(
            in_module,
            "the idle task, CPU 0; in the init of module meter; kernel 6.1.0 #1; not tainted"
        );
        let by_flag = log(" do_one_initcall+0x1/0x2\n do_init_module+0x1/0x2\n", "ext4 meter(OE+)");
        assert!(by_flag.contains("in the init of module meter"), "{by_flag}");
        let built_in = log(" do_one_initcall+0x1/0x2\n kernel_init_freeable+0x1/0x2\n", "");
        assert!(built_in.contains("; in an init function; "), "{built_in}");
        assert!(!log(" vfs_read+0x1/0x2\n", "meter(OE+)").contains("init"));
    }
}
