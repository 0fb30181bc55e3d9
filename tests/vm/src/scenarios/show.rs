// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show`: fields, lists and pointers of a real module.

use anyhow::{Context, Result, ensure};

use super::keep::drop_all;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] =
    &[Scenario::new("show-values", "fields, lists, trees, and what each kind of pointer is", values)
        .needs(Needs::Stock)];

/// The journal's directory: what a module leaves behind is named by it.
const JOURNAL: &str = "/var/log/ksymoops";

fn values(ctx: &mut Ctx) -> Result<()> {
    ctx.sh(&format!(
        "rm -rf {JOURNAL}; mkdir -p {JOURNAL} && chmod 755 {JOURNAL} /var/log && chown 0:0 /var/log"
    ))?;
    let done = shown(ctx);
    ctx.sh(&format!("rm -rf {JOURNAL}"))?;
    done
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("shown")?])?.success()?;
    let show = ctx.modpersist(["show", "--follow", "shown"])?.success()?;
    ctx.note(show.stdout.clone());
    ensure!(show.stdout.lines().all(|line| line.chars().count() <= 80), "{show}");
    let show = show
        .stdout_has("unsigned int low:3 = 5\n")?
        .stdout_has("int small:5 = -3\n")?
        .stdout_has("_Bool on = true\n")?
        .stdout_has("enum state state = STATE_RUNNING\n")?
        .stdout_has("enum access access = ACCESS_READ | ACCESS_SYNC\n")?
        .stdout_has("char name[16] = \"shown\"\n")?
        .stdout_has("short int pairs[2][2] = {{1, -1}, {2, -2}}\n")?
        .stdout_has("int zeros[61] = {0 (61 times)}\n")?
        .stdout_has("shown.c:items -> list of struct item by .link, 3 entries\n")?
        .stdout_has("shown.c:tree -> tree of struct item by .by_number, 3 entries\n")?
        .stdout_has("(unstable)\n")?;
    // The list is in the order of their making, the tree in that of their numbers.
    let order = |from: &str, to: &str| -> Result<Vec<&str>> {
        let (_, after) = show.stdout.split_once(from).with_context(|| format!("no {from:?}"))?;
        let part = after.split_once(to).map_or(after, |(part, _)| part);
        Ok(part.lines().filter_map(|line| line.trim().strip_prefix("int number = ")).collect())
    };
    ensure!(order("items -> list", "shown.c:tree\n")? == ["30", "10", "20"], "{show}");
    ensure!(order("tree -> tree", "shown.c:ticks\n")? == ["10", "20", "30"], "{show}");
    let pointer = |field: &str| -> Result<&str> {
        let mut lines = show.stdout.lines();
        let has_field =
            |line: &&str| line.split_once(" = ").is_some_and(|(before, _)| before.ends_with(field));
        let line = lines.find(has_field).with_context(|| format!("no pointer {field}"))?;
        Ok(line.split_once(" = ").map_or("", |(_, value)| value))
    };
    for (field, wanted) in [
        ("*null", "NULL"),
        ("*error", "ERR_PTR(-19) ENODEV"),
        ("*poison", "<LIST_POISON1>"),
        ("*user", "0x7fff12345000 <user>"),
        ("(*symbol)(void *)", "<kfree>"),
        ("(*own)(void *)", "<count_ticks [shown]>"),
        ("*kept", "<shown.c:kinds>"),
        ("*field", "<shown.c:kinds.access>"),
        ("*heap", "-64>"),
        ("*page", "<vmalloc>"),
    ] {
        let value = pointer(field)?;
        ensure!(value.ends_with(wanted), "{field} is {value}, not {wanted}\n{show}");
    }
    // From 6.15 on it may be one to a variable of the kernel as well, which is said.
    let counters = pointer("*counters")?;
    ensure!(counters.contains("<per-CPU>") || counters.contains("<per-CPU, or"), "{counters}");
    show.stdout_has("counters -> per CPU, struct counter\n")?.stdout_has("long int hits = 700\n")?;
    let part = ctx.modpersist(["show", "shown", "pointers.heap->name"])?.success()?;
    ctx.note(part.stdout.clone());
    part.stdout_has("char[8] = \"item20\"\n")?;
    let saved = ctx.modpersist(["show", "--json", "shown"])?.success()?;
    std::fs::write("/tmp/saved.json", &saved.stdout)?;
    ctx.rmmod(["shown"])?.success()?;
    let gone = ctx.modpersist(["show", "shown", "pointers.own"])?.success()?;
    ctx.note(gone.stdout.clone());
    gone.stdout_has("<gone: shown .text")?;
    let diff = ctx.modpersist(["show", "--diff", "/tmp/saved.json", "shown"])?.success()?;
    ctx.note(diff.stdout.clone());
    ensure!(diff.stdout.lines().all(|line| line.starts_with("shown.c:ticks: ")), "{diff}");
    ensure!(diff.stdout.lines().count() == 1, "the thread has counted: {diff}");
    std::fs::remove_file("/tmp/saved.json")?;
    ctx.insmod([ctx.fixture("shown")?])?.success()?;
    ctx.set_parameter("shown", "forget", "1")?;
    drop_all(ctx, "shown")
}
