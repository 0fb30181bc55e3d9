// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the same command lines with kmod's tools and with ours. Output, exit code, system calls and the
//! resulting kernel state must be equal.
//!
//! The command lines are in `cases.txt`; what may differ, and why, is in `differences.txt`. kmod 34 is the
//! reference. kmod 30 is run as well, to document what changes for its users.

mod allowed;
mod case;
mod execute;
mod outcome;
mod peer;
pub mod prepare;

use std::path::Path;

use anyhow::{Result, bail, ensure};

use self::allowed::Allowed;
use self::case::Case;
use self::outcome::Outcome;
use self::peer::Peer;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("parity-load", "files that load and files that do not, compared with kmod", load)
        .limit_secs(900),
    Scenario::new("parity-files", "compressed, damaged and foreign files, compared with kmod", files)
        .limit_secs(900),
    Scenario::new("parity-params", "parameters with all kinds of quoting, compared with kmod", params)
        .needs(Needs::Stock)
        .limit_secs(900),
    Scenario::new("parity-options", "options, abbreviations, permutation, compared with kmod", options)
        .needs(Needs::Stock)
        .limit_secs(900),
    Scenario::new("parity-rmmod", "rmmod's names, checks and refusals, compared with kmod", rmmod)
        .needs(Needs::Stock)
        .limit_secs(900),
    Scenario::new("parity-syslog", "messages to the system log, compared with kmod", syslog)
        .needs(Needs::Stock)
        .limit_secs(900),
    Scenario::new("parity-enforced", "a kernel that loads only signed modules, compared with kmod", enforced)
        .cmdline("module.sig_enforce=1")
        .limit_secs(900),
    Scenario::new("parity-last", "changes that only a reboot undoes, compared with kmod", last)
        .alone()
        .leaves_modules()
        .limit_secs(900),
];

fn load(ctx: &mut Ctx) -> Result<()> {
    compare_compressed(ctx, "load")
}

fn files(ctx: &mut Ctx) -> Result<()> {
    compare_compressed(ctx, "files")
}

/// On a kernel that decompresses modules, the kernel finds the damage instead of the tools, and kmod 30 does
/// not know such kernels. `differences.txt` describes a kernel that does not decompress.
fn compare_compressed(ctx: &mut Ctx, group: &str) -> Result<()> {
    if Path::new("/sys/module/compression").exists() {
        return ctx.skip("this kernel decompresses modules");
    }
    compare(ctx, group)
}

fn params(ctx: &mut Ctx) -> Result<()> {
    compare(ctx, "params")
}

fn options(ctx: &mut Ctx) -> Result<()> {
    compare(ctx, "options")
}

fn rmmod(ctx: &mut Ctx) -> Result<()> {
    compare(ctx, "rmmod")
}

fn syslog(ctx: &mut Ctx) -> Result<()> {
    compare(ctx, "syslog")
}

fn enforced(ctx: &mut Ctx) -> Result<()> {
    compare_compressed(ctx, "enforced")
}

fn last(ctx: &mut Ctx) -> Result<()> {
    compare(ctx, "last")
}

/// Runs every case of a group, and reports all unexpected differences together.
fn compare(ctx: &mut Ctx, group: &str) -> Result<()> {
    if !Peer::Kmod34.is_available(ctx)? {
        return ctx.skip("the guest has no kmod 34");
    }
    let mut peers = vec![Peer::Kmod34];
    if Peer::Kmod30.is_available(ctx)? {
        peers.push(Peer::Kmod30);
    } else {
        ctx.note("compared with kmod 34 only: kmod 30 is that of Debian 12");
    }
    prepare::files(ctx)?;
    let cases = case::all()?;
    let cases: Vec<&Case> = cases.iter().filter(|case| case.group == group).collect();
    ensure!(!cases.is_empty(), "no case in group {group}");
    let mut allowed = allowed::all()?;
    allowed.iter_mut().for_each(|entry| entry.only(&peers));
    let mut wrong = Vec::new();
    for case in &cases {
        let ours = execute::run(ctx, case, Peer::Ours)?;
        for &peer in &peers {
            let theirs = execute::run(ctx, case, peer)?;
            wrong.extend(judge(case, peer, &ours, &theirs, &mut allowed));
        }
    }
    for unused in allowed.iter().flat_map(|entry| entry.unused(group)) {
        wrong.push(unused);
    }
    let differences: usize = allowed.iter().map(|entry| entry.count(Peer::Kmod34)).sum();
    ctx.measure(format!("{group}: command lines compared"), cases.len());
    ctx.measure(format!("{group}: with an allowed difference from kmod 34"), differences);
    if wrong.is_empty() {
        return Ok(());
    }
    ctx.artifact(format!("parity-{group}.txt"), wrong.join("\n"));
    bail!("{} of {} command lines:\n{}", wrong.len(), cases.len(), wrong.join("\n"))
}

/// The differences that are not allowed, as text.
fn judge(
    case: &Case,
    peer: Peer,
    ours: &Outcome,
    theirs: &Outcome,
    allowed: &mut [Allowed],
) -> Option<String> {
    let mut aspects = ours.differences(theirs);
    aspects.retain(|aspect| {
        let (mut ours, mut theirs) = (ours.aspect(aspect).to_owned(), theirs.aspect(aspect).to_owned());
        for entry in allowed.iter_mut().filter(|entry| entry.covers(case, peer)) {
            if !entry.aspects.iter().any(|allowed| allowed == aspect) {
                continue;
            }
            let before = (ours.len(), theirs.len());
            let settled = entry.settles(&mut ours, &mut theirs);
            if settled || before != (ours.len(), theirs.len()) {
                entry.used(case, peer);
            }
            if settled {
                return false;
            }
        }
        true
    });
    let first = aspects.first()?;
    let mut text = format!(
        "{}/{} against {}: {} differ: {}",
        case.group,
        case.name,
        peer,
        aspects.join(", "),
        case.command
    );
    for aspect in &aspects {
        text.push_str(&format!(
            "\n  {aspect} ours:   {:?}\n  {aspect} theirs: {:?}",
            ours.aspect(aspect),
            theirs.aspect(aspect)
        ));
    }
    debug_assert!(!first.is_empty());
    Some(text)
}
