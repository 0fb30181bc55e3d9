// SPDX-License-Identifier: MIT OR Apache-2.0
//! `name_token`: its own tests, the RFC's example loaded again, and what ksymoops says of memory that a token
//! leads to. And the RFC's four options on one example, for docs/options.md.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::oops::{JOURNAL, save_journal, write_parameter};
use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("tokens-selftest", "name_token tests itself on two CPUs", selftest)
        .cpus(2)
        .cmdline("name_token.selftest=1 kunit.enable=1")
        .limit_secs(400)
        .alone(),
    Scenario::new(
        "tokens-reload",
        "a structure is found again by its token; the list, and who may see it",
        reload,
    ),
    Scenario::new("tokens-oops", "pointers into what a token leads to, its module not loaded", oops)
        .oops()
        .decoded(&[
            "RIP crash_with at *token_hold.c:",
            "RBX 0x*: token \"foo_p\"+0x0, loads of struct foo; 36 bytes at 0x*; by the journal of boot ",
            "RCX 0x*: token \"foo_p\"+0x9, first_args[5] of struct foo; 36 bytes at 0x*; by the journal of ",
        ]),
    Scenario::new("options", "the RFC's four options on one example: what each keeps and takes", options),
];

const LIST: &str = "/proc/name_tokens";

/// A user without rights.
const USER: u32 = 1000;

/// Loads the service, unless the kernel has it built in.
fn load_service(ctx: &mut Ctx) -> Result<()> {
    if Path::new(LIST).exists() {
        return Ok(());
    }
    let file = ctx.fixture("name_token")?;
    ctx.insmod([&file])?.success()?.silent()?;
    Ok(())
}

fn unload_service(ctx: &mut Ctx) -> Result<()> {
    if ctx.is_loaded("name_token")? {
        ctx.rmmod(["name_token"])?.success()?.silent()?;
    }
    Ok(())
}

/// Loads a module and says what its init has logged.
fn load(ctx: &mut Ctx, name: &str, args: &[&str]) -> Result<String> {
    let mark = ctx.log_mark()?;
    let file = ctx.fixture(name)?;
    ctx.insmod([&[&*file], args].concat())?.success()?;
    let prefix = format!("{name}: ");
    let lines = ctx.log_since(&mark)?;
    let line = lines.iter().rev().find_map(|line| line.strip_prefix(&prefix));
    line.map(str::to_owned).with_context(|| format!("{name} has logged nothing"))
}

fn selftest(ctx: &mut Ctx) -> Result<()> {
    let is_builtin = Path::new(LIST).exists();
    if !is_builtin {
        let file = ctx.fixture("name_token")?;
        ctx.insmod([&*file, "selftest=1"])?.success()?.silent()?;
        unload_service(ctx)?;
    }
    let log = ctx.sh("dmesg")?;
    let said = |text: &str| log.lines().find(|line| line.contains(text));
    let result = said("name_token: selftest: ").context("the self-test has not run")?;
    ensure!(result.contains(" 9 passed, 0 failed"), "{result}");
    let race = said("name_token: race on 2 CPUs: ").context("there was no race")?;
    ctx.note(race);
    // A debug kernel that has it built in has the same tests as a suite of KUnit.
    if is_builtin && Path::new("/proc/lockdep").exists() {
        // `ok 1 - name_token` or, since 6.2, `ok 2 name_token`
        let is_passed = |line: &str| {
            let text = line.rsplit("] ").next().unwrap_or(line);
            text.starts_with("ok ") && text.ends_with(" name_token")
        };
        ensure!(log.lines().any(is_passed), "KUnit: {log}");
        ctx.note("KUnit's suite name_token has passed");
    }
    Ok(())
}

/// The fields of a token in the list.
fn token(ctx: &Ctx, name: &str) -> Result<Option<Vec<String>>> {
    let list = ctx.read(LIST)?;
    let mut lines = list.lines().map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    Ok(lines.find(|fields| fields.get(1).is_some_and(|own| own == name)))
}

fn reload(ctx: &mut Ctx) -> Result<()> {
    let before = ctx.modpersist(["tokens"])?.success()?.stdout;
    let is_builtin = Path::new(LIST).exists();
    ensure!(is_builtin || before.starts_with("This kernel has no tokens"), "{before}");
    load_service(ctx)?;
    ctx.modpersist(["tokens"])?.success()?.stdout_has("There are no tokens.")?;
    let said = load(ctx, "foo_token", &["note=first"])?;
    ensure!(said == "load 1, first note \"first\"", "{said}");
    let first = token(ctx, "foo_p")?.context("there is no token")?;
    ensure!(first[3] == "24" && first[6] == "foo_token" && first[7] == "struct\\040foo", "{first:?}");
    let table = ctx.modpersist(["tokens"])?.success()?.stdout;
    ensure!(table.contains(&first[2]) && table.contains("  36  struct foo  foo_token"), "{table}");
    let json = ctx.modpersist(["tokens", "--json"])?.success()?.stdout;
    ensure!(json.contains("\"length\": 36") && json.contains("\"type\": \"struct foo\""), "{json}");
    // Who is not root sees nothing.
    let cat = Command::new(tools::BUSYBOX).args(["cat", LIST]).user(USER).run()?;
    ensure!(!cat.status.is_success() && cat.stdout.is_empty(), "{}", cat.stdout);

    ctx.rmmod(["foo_token"])?.success()?.silent()?;
    ensure!(token(ctx, "foo_p")?.as_ref() == Some(&first), "the token has changed");
    // As long as there are tokens, the service stays.
    if !is_builtin {
        ensure!(
            !ctx.rmmod(["name_token"])?.status.is_success(),
            "name_token is gone, and its tokens with it"
        );
    }
    let said = load(ctx, "foo_token", &["note=second"])?;
    ensure!(said == "load 2, first note \"first\"", "{said}");
    ensure!(token(ctx, "foo_p")?.as_ref() == Some(&first), "the token has changed");

    // Wrong commands, then the right one: what is behind it is freed by the module, which holds the pointer.
    for (command, error) in
        [("delete nothing", "No such file"), ("remove foo_p", "Invalid argument"), ("delete ", "Invalid")]
    {
        let said =
            Command::new(tools::BUSYBOX).args(["sh", "-c", &format!("echo '{command}' > {LIST}")]).run()?;
        ensure!(!said.status.is_success() && said.stderr.contains(error), "{command}: {}", said.stderr);
    }
    ctx.sh(&format!("echo 'delete foo_p' > {LIST}"))?;
    ensure!(token(ctx, "foo_p")?.is_none(), "the token is still there");
    ctx.set_parameter("foo_token", "release", "1")?;
    ctx.rmmod(["foo_token"])?.success()?.silent()?;
    unload_service(ctx)
}

fn oops(ctx: &mut Ctx) -> Result<()> {
    ctx.sh(&format!("mkdir -p {JOURNAL}"))?;
    load_service(ctx)?;
    load(ctx, "foo_token", &[])?;
    ctx.rmmod(["foo_token"])?.success()?.silent()?;
    let file = ctx.fixture("token_hold")?;
    ctx.insmod([&file])?.success()?.silent()?;
    save_journal(ctx)?;
    write_parameter("token_hold", "crash", "1");
    Ok(())
}

/// What an author writes: lines that are neither empty nor comments.
fn lines_of_code(source: &str) -> usize {
    let mut in_comment = false;
    let is_code = |line: &&str| {
        let line = line.trim();
        let was_in_comment = in_comment;
        in_comment = (in_comment || line.starts_with("/*")) && !line.ends_with("*/");
        !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*") && !was_in_comment
    };
    source.lines().filter(is_code).count()
}

/// One option on the example.
struct Choice {
    number: &'static str,
    module: &'static str,
    sources: &'static [&'static str],
    /// What is loaded before, and stays.
    service: Option<&'static str>,
    insmod: &'static [&'static str],
    discard: &'static [&'static str],
    /// The module that keeps the data while `module` is not loaded.
    keeper: Option<&'static str>,
}

/// What `modpersist save` writes.
const SAVED: &str = "/tmp/foo_p.json";

const FOO_P: &str = include_str!("../../../../kernel/examples/foo_p.c");

const CHOICES: &[Choice] = &[
    Choice {
        number: "1",
        module: "foo_p",
        sources: &[FOO_P],
        service: None,
        insmod: &["--keep=off"],
        discard: &[],
        keeper: None,
    },
    Choice {
        number: "2",
        module: "foo_static",
        sources: &[
            include_str!("../../../fixtures/modules/foo_static.c"),
            include_str!("../../../fixtures/modules/foo_static_data.c"),
        ],
        service: Some("foo_static_data"),
        insmod: &[],
        discard: &[],
        keeper: Some("foo_static_data"),
    },
    Choice {
        number: "3",
        module: "foo_p",
        sources: &[FOO_P],
        service: None,
        insmod: &[],
        discard: &["--discard"],
        keeper: Some("foo_p__persist"),
    },
    Choice {
        number: "4",
        module: "foo_token",
        sources: &[include_str!("../../../fixtures/modules/foo_token.c")],
        service: Some("name_token"),
        insmod: &[],
        discard: &[],
        keeper: Some("name_token"),
    },
];

fn options(ctx: &mut Ctx) -> Result<()> {
    for choice in CHOICES {
        option(ctx, choice).with_context(|| format!("option {}", choice.number))?;
    }
    Ok(())
}

fn option(ctx: &mut Ctx, choice: &Choice) -> Result<()> {
    let Choice { number, module, service, .. } = choice;
    let lines: usize = choice.sources.iter().map(|source| lines_of_code(source)).sum();
    ctx.measure(format!("option {number}: lines of code"), lines);
    let none = ctx.module_memory()?;
    let service = service.filter(|name| *name != "name_token" || !Path::new(LIST).exists());
    if let Some(service) = service {
        let file = ctx.fixture(service)?;
        ctx.insmod([&file])?.success()?;
    }
    let before = ctx.module_memory()?;
    ctx.measure(format!("option {number}: bytes before the first use"), before.saturating_sub(none));
    let said = load(ctx, module, &[choice.insmod, &["note=first"]].concat())?;
    ensure!(said == "load 1, first note \"first\"", "{said}");
    // Nobody would free what is not found again.
    if choice.keeper.is_none() {
        ctx.set_parameter(module, "release", "1")?;
    }
    ctx.rmmod([module])?.success()?;
    let kept = ctx.module_memory()?;
    ctx.measure(format!("option {number}: bytes while it is not loaded"), kept.saturating_sub(none));
    let said = load(ctx, module, &[choice.insmod, &["note=second"]].concat())?;
    let wanted = if choice.keeper.is_some() {
        "load 2, first note \"first\""
    } else {
        "load 1, first note \"second\""
    };
    ensure!(said == wanted, "{said}");
    ctx.measure(format!("option {number}: after the reload"), said);
    if let Some(keeper) = choice.keeper {
        survives(ctx, choice, keeper)?;
    }
    ctx.set_parameter(module, "release", "1")?;
    ctx.rmmod([choice.discard, &[*module]].concat())?.success()?;
    if let Some(service) = service {
        ctx.rmmod([service])?.success()?;
    }
    if *number == "3" {
        let said = ctx.modpersist(["restore", "--dry-run", &ctx.fixture(module)?, SAVED])?;
        ctx.measure("option 3: restored after a reboot", said.stdout.lines().next().unwrap_or_default());
        said.code(1)?.stdout_has("foo_p.c:foo_p")?;
    }
    let left = ctx.module_memory()?;
    ensure!(left <= none, "{} bytes are left", left.saturating_sub(none));
    Ok(())
}

/// What becomes of the data if the structure changes, and if kmod's rmmod is told to remove what keeps it.
fn survives(ctx: &mut Ctx, choice: &Choice, keeper: &str) -> Result<()> {
    let Choice { number, module, .. } = choice;
    ctx.rmmod([module])?.success()?;
    // A field has another name, and so may have another meaning.
    let renamed = format!("{module}_renamed");
    let changed = ctx.insmod([ctx.fixture(&renamed)?])?;
    let is_typed = *number == "3";
    ensure!(changed.status.is_success() != is_typed, "{changed}");
    if is_typed {
        changed.stderr_has("first_args")?;
        // For another boot. What is to be restored then is a pointer.
        ctx.modpersist(["save", module, SAVED])?.success()?;
    } else {
        ctx.rmmod([&renamed])?.success()?;
    }
    let how = if is_typed { "refused" } else { "used, without a word" };
    ctx.measure(format!("option {number}: by a build with another field"), how);

    // Only a module in use is safe from other tools, and one with tokens is. What the kernel keeps itself is, too.
    let is_module = ctx.is_loaded(keeper)?;
    ensure!(is_module || *number != "2", "{keeper} is not loaded");
    let removed = ctx.peer_rmmod([keeper])?.status.is_success();
    let said = load_again(ctx, choice)?;
    ctx.measure(format!("option {number}: after kmod's rmmod {keeper}"), &said);
    ensure!(removed == (is_module && *number != "4"), "kmod's rmmod {keeper}: {removed}");
    ensure!(removed == said.starts_with("load 1,"), "{removed}: {said}");
    Ok(())
}

/// Loads it, and before it what keeps its data, if that was removed.
fn load_again(ctx: &mut Ctx, choice: &Choice) -> Result<String> {
    if let Some(service) = choice.service.filter(|name| *name == "foo_static_data") {
        let file = ctx.fixture(service)?;
        ctx.insmod([&file])?.success()?;
    }
    load(ctx, choice.module, &[choice.insmod, &["note=third"]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_no_code() {
        let source = "// SPDX\n/*\n * what\n */\n#include <x.h>\n\nint a;\n/* one line */\nint b;\n";
        assert_eq!(lines_of_code(source), 3);
    }
}
