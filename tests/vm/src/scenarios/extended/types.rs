// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types, which the extended kernel does not know: insmod leaves them with it, in a note with each block, and
//! compares by these.

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;

use super::assertions::region_is;
use crate::ctx::extended::{
    LIST, MAX_NOTE, PERSIST, blocks, delete, finit, note, release, set_note, write_note_at,
};
use crate::ctx::{Ctx, health};
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-types", "a type that changed within its size is refused by field", types)
        .needs(Needs::Extended),
    Scenario::new("ext-types-others", "what other programs and failed loads leave of types", others)
        .needs(Needs::Extended),
    Scenario::new("ext-types-shown", "list, show and check know types", shown).needs(Needs::Extended),
    Scenario::new("ext-notes", "the kernel's notes: what it takes, gives and refuses", notes)
        .needs(Needs::Extended),
    Scenario::new("ext-notes-leak", "notes are freed when they are replaced and with their blocks", leak)
        .needs(Needs::Extended)
        .limit_secs(300)
        .alone(),
];

/// The state of each block's note.
fn states() -> Result<Vec<String>> {
    Ok(blocks()?.into_iter().map(|(_, state)| state).collect())
}

fn drop_all(ctx: &mut Ctx) -> Result<()> {
    ctx.rmmod(["--discard", "convert"])?.success()?.silent()?;
    region_is(ctx, "convert", None)
}

fn types(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("convert")?])?.success()?.silent()?;
    all_noted(1)?;
    let before = FixtureReport::read(ctx, "convert")?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    let list = ctx.read(LIST)?;
    for (name, texts) in [
        ("reordered", ["convert.c:stats: ", ""]),
        ("renamed", ["convert.c:stats: ", "low"]),
        ("enum", ["convert.c:stats: ", "mode"]),
        ("target", ["convert.c:stats: ", "where"]),
        ("signed", ["convert.c:stats: ", "loads"]),
        ("held", ["struct held", "size changed from 4 to 8"]),
    ] {
        let file = ctx.fixture(&format!("convert_{name}"))?;
        let calls = ctx.trace_module_calls(|ctx| {
            let output = ctx.insmod([file.as_str()])?.code(1)?;
            ctx.note(output.stderr.clone());
            output.stderr_has(texts[0])?.stderr_has(texts[1])?.stderr_has("is untouched")
        })?;
        ensure!(calls.is_empty(), "{name}: the kernel was asked to load it: {calls:?}");
        ensure!(ctx.read(LIST)? == list, "{name}: the region has changed");
    }
    // Another build with the same types, and back.
    for (round, name) in ["convert_two", "convert", "convert_two"].into_iter().enumerate() {
        ctx.insmod([ctx.fixture(name)?])?.success()?.silent()?;
        all_noted(1)?;
        let after = FixtureReport::read(ctx, "convert")?;
        ensure!(after.address("stats")? == before.address("stats")?, "stats has moved");
        ensure!(after.value("stats")? == (102 + round).to_string(), "round {round}: {after:?}");
        ctx.rmmod(["convert"])?.success()?.silent()?;
    }
    // A variable more has its note in a block of its own.
    ctx.insmod([ctx.fixture("convert_point")?])?.success()?.silent()?;
    all_noted(2)?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    // Afresh, anything goes.
    ctx.insmod(["--fresh", &ctx.fixture("convert_reordered")?])?.success()?.silent()?;
    all_noted(1)?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    ctx.insmod([ctx.fixture("convert")?])?.code(1)?.stderr_has("convert.c:stats: ")?;
    drop_all(ctx)
}

/// Fails unless this many blocks are listed, each with a note that is not old.
fn all_noted(wanted: usize) -> Result<()> {
    let found = states()?;
    ensure!(found == vec!["noted"; wanted], "{found:?}, expected {wanted} blocks with notes");
    Ok(())
}

fn others(ctx: &mut Ctx) -> Result<()> {
    let (first, two) = (ctx.fixture("convert")?, ctx.fixture("convert_two")?);
    let reordered = ctx.fixture("convert_reordered")?;
    let refused = |ctx: &mut Ctx| -> Result<()> {
        ctx.insmod([&reordered])?.code(1)?.stderr_has("convert.c:stats: ").map(drop)
    };
    // A program that leaves no types.
    finit(&first, "", PERSIST)?;
    delete("convert")?;
    ensure!(states()? == ["none"], "{:?}", states()?);
    ctx.modpersist(["check", &two])?.success()?.stdout_has("were not compared")?;
    let told = ctx.insmod([&two])?.success()?.only_untyped()?;
    told.stderr_has("the kernel was not told theirs")?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    all_noted(1)?;
    refused(ctx)?;
    // The same program loads another build: it may have written anything.
    finit(&two, "", PERSIST)?;
    delete("convert")?;
    ensure!(states()? == ["old"], "{:?}", states()?);
    ctx.insmod([&two])?.success()?.only_untyped()?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    refused(ctx)?;
    // Of the build that made the block, types are known to be the same.
    finit(&first, "", PERSIST)?;
    delete("convert")?;
    all_noted(1)?;
    // After an init that failed insmod confirms what it has compared; another program does not.
    let failing = ctx.fixture("convert_two_fail")?;
    ctx.insmod([&failing])?.code(1)?;
    all_noted(1)?;
    refused(ctx)?;
    let result = finit(&failing, "", PERSIST);
    ensure!(result == Err(Errno::ENODEV), "{result:?}");
    ensure!(states()? == ["old"], "{:?}", states()?);
    ctx.insmod([&first])?.success()?.silent()?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    refused(ctx)?;
    // Without debug information nothing can be compared; the types that are known stay.
    let stripped = ctx.insmod([ctx.fixture("convert_two_stripped_g")?])?.success()?.only_untyped()?;
    stripped.stderr_has("debug information is missing")?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    all_noted(1)?;
    refused(ctx)?;
    // A note that is none of ours is like none.
    let [(serial, _)] = blocks()?.try_into().map_err(|blocks| anyhow::anyhow!("{blocks:?}"))?;
    set_note(serial, b"something else")?;
    ctx.insmod([&two])?.success()?.only_untyped()?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    refused(ctx)?;
    // insmod without the flag leaves everything as it is.
    ctx.peer_insmod([&reordered])?.success()?;
    ctx.rmmod(["convert"])?.success()?;
    all_noted(1)?;
    drop_all(ctx)
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("convert")?])?.success()?.silent()?;
    let show = ctx.modpersist(["show", "convert"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("struct stats")?.stdout_has("struct holder")?;
    let json = ctx.modpersist(["list", "--json"])?.success()?;
    json.stdout_has("\"type_hash\"")?;
    ctx.rmmod(["convert"])?.success()?.silent()?;
    let check = ctx.modpersist(["check", &ctx.fixture("convert_enum")?])?.code(1)?;
    ctx.note(check.stdout.clone());
    check.stdout_has("refused")?.stdout_has("mode")?;
    let check = ctx.modpersist(["check", &ctx.fixture("convert_two")?])?.success()?;
    ctx.note(check.stdout.clone());
    check.stdout_has("bound, generation 1")?;
    drop_all(ctx)
}

fn notes(ctx: &mut Ctx) -> Result<()> {
    let (first, two) = (ctx.fixture("convert")?, ctx.fixture("convert_two")?);
    ensure!(note(1) == Err(Errno::ENOENT), "a note of nothing: {:?}", note(1));
    finit(&first, "", PERSIST)?;
    let serial = || -> Result<u64> { Ok(blocks()?.first().context("no block")?.0) };
    let number = serial()?;
    ensure!(note(number) == Ok(Vec::new()), "{:?}", note(number));
    let longest: Vec<u8> = (0..=250).cycle().take(MAX_NOTE).collect();
    for text in [b"one".as_slice(), &longest, b"a shorter one"] {
        set_note(number, text)?;
        ensure!(note(number).as_deref() == Ok(text), "not what was written, of {} bytes", text.len());
    }
    let list = ctx.read(LIST)?;
    let too_long = [longest.as_slice(), b"x"].concat();
    for (at, text, wanted) in [
        (number << 20, too_long.as_slice(), Errno::EFBIG),
        ((number << 20) + 1, b"x", Errno::EINVAL),
        ((number << 20) + 4096, b"x", Errno::EINVAL),
        ((number + 1) << 20, b"x", Errno::ENOENT),
        ((number - 1) << 20, b"x", Errno::ENOENT),
        (0, b"x", Errno::ENOENT),
        (i64::MAX as u64 & !0xfffff, b"x", Errno::ENOENT),
    ] {
        let found = write_note_at(at, text);
        ensure!(found == Err(wanted), "at {at:#x}, {} bytes: {found:?}", text.len());
    }
    ensure!(note(number).as_deref() == Ok(b"a shorter one".as_slice()), "{:?}", note(number));
    ensure!(ctx.read(LIST)? == list, "the list changed");
    // The same build again, and a load that fails at once: number and note stay.
    delete("convert")?;
    finit(&first, "", PERSIST)?;
    delete("convert")?;
    let result = finit(&ctx.fixture("convert_end")?, "", PERSIST);
    ensure!(result == Err(Errno::EINVAL), "{result:?}");
    ensure!(blocks()? == [(number, "noted".to_owned())], "{:?}", blocks()?);
    // In use by another build, the block has another number: who means it as it was does not reach it.
    finit(&two, "", PERSIST)?;
    ensure!(set_note(number, b"late") == Err(Errno::ENOENT), "a note of an earlier use was taken");
    let again = serial()?;
    ensure!(again > number && states()? == ["old"], "{:?}", blocks()?);
    ensure!(note(again).as_deref() == Ok(b"a shorter one".as_slice()), "{:?}", note(again));
    set_note(again, b"new")?;
    all_noted(1)?;
    delete("convert")?;
    release("convert")?;
    ensure!(note(again) == Err(Errno::ENOENT), "a note outlives its block");
    finit(&first, "", PERSIST)?;
    ensure!(set_note(again, b"late") == Err(Errno::ENOENT), "another block has the number again");
    ensure!(serial()? > again && states()? == ["none"], "{:?}", blocks()?);
    delete("convert")?;
    release("convert")?;
    Ok(())
}

fn leak(ctx: &mut Ctx) -> Result<()> {
    if !health::has_kmemleak() {
        return ctx.skip("this kernel has no kmemleak; use --kernel debug");
    }
    health::forget_leaks()?;
    let files = [ctx.fixture("convert")?, ctx.fixture("convert_two")?];
    let lengths = [1_usize, 100, 5000, 70_000, MAX_NOTE];
    let ours = ["persist", "notes_", "vmemdup", "load_module"];
    for round in 0..5 {
        for file in &files {
            finit(file, "", PERSIST)?;
            let serial = blocks()?.first().context("no block")?.0;
            for length in lengths {
                set_note(serial, &vec![b'x'; length])?;
                ensure!(set_note(serial + 100, &vec![b'x'; length]) == Err(Errno::ENOENT), "{length}");
            }
            delete("convert")?;
        }
        // What is kept is not leaked.
        if round == 0 {
            let found = health::leaks(ctx)?;
            ensure!(!ours.iter().any(|word| found.contains(word)), "{found}");
        }
        release("convert")?;
    }
    let found = health::leaks(ctx)?;
    ensure!(!ours.iter().any(|word| found.contains(word)), "{found}");
    Ok(())
}
