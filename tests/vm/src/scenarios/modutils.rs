// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options from modutils, and options that users have asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::keep::{is_extended_kernel, is_kept};
use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;
use crate::scenarios::parity::prepare;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("options-dry", "--noload and --probe predict the kernel's answer, and load nothing", dry),
    Scenario::new("options-force", "--force-vermagic and --force-modversion, separately", force)
        .limit_secs(300),
    Scenario::new("options-map", "--map agrees with the kernel's own addresses", map),
    Scenario::new(
        "options-persist",
        "parameters are saved and restored; the command line overrides them",
        persist,
    ),
    Scenario::new("options-snapshots", "snapshots are taken on request, once a boot", snapshots),
    Scenario::new(
        "options-lock",
        "--lock and --idempotent: already loaded, or not loaded, is success",
        idempotent,
    ),
    Scenario::new("options-wait", "--wait ends when the module is unused, or at its limit", wait),
    Scenario::new(
        "options-explain",
        "--explain and --show-log: who exports a symbol, who uses a module, what the kernel logged",
        explain,
    ),
    Scenario::new("options-stacks", "rmmod --stacks also removes unused dependencies", stacks),
];

fn dry(ctx: &mut Ctx) -> Result<()> {
    let good = ctx.fixture("params")?;
    let needs = ctx.fixture("provider_user")?;
    fs::write("/tmp/text.ko", "no module at all")?;
    // Only this kernel's own modules show its version magic: here one that exports symbols, listed in
    // modules.dep.
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    let (own, modules) = (ctx.fixture("provider")?, format!("/lib/modules/{release}"));
    ctx.sh(&format!(
        "mkdir -p {modules}/dry && cp {own} {modules}/dry/provider.ko && echo 'dry/user.ko: dry/provider.ko' >> {modules}/modules.dep"
    ))?;
    let calls = ctx.trace_module_calls(|ctx| {
        ctx.insmod(["-n", &good, "num=3", "dyndbg=+p"])?.success()?.silent()?;
        ctx.insmod(["--probe", &good])?.success()?.silent()?;
        ctx.insmod(["-n", &good, "bogus=1"])?.success()?.stderr_has("no parameter bogus")?;
        ctx.insmod(["-n", &needs])?
            .code(1)?
            .stderr_has("unresolved symbol provider_value")?
            .stderr_has("Unknown symbol in module")?;
        ctx.insmod(["--probe", &needs])?.code(1)?.silent()?;
        ctx.insmod(["-n", "/tmp/text.ko"])?.code(1)?.stderr_has("Invalid module format")?;
        replaced(&good, b" SMP ", b" XMP ", "/tmp/magic.ko")?;
        ctx.insmod(["-n", "/tmp/magic.ko"])?.code(1)?.stderr_has(" XMP ")?;
        ctx.insmod(["-nf", "/tmp/magic.ko"])?.success()?;
        // With symbol versions, the release does not matter.
        replaced(&good, b"vermagic=6", b"vermagic=9", "/tmp/release.ko")?;
        ctx.insmod(["-n", "/tmp/release.ko"])?.success()?.silent()
    })?;
    ensure!(calls.is_empty(), "the kernel was asked: {calls:?}");
    // The kernel gives the same answer.
    ctx.insmod(["/tmp/magic.ko"])?.code(1)?.stderr_has("Invalid module format")?;
    ctx.insmod(["/tmp/release.ko"])?.success()?.silent()?;
    ctx.rmmod(["params"])?.success()?;
    ctx.sh(&format!("rm -r {modules}/dry; sed -i '/^dry/d' {modules}/modules.dep"))?;
    dry_with_kept_data(ctx)
}

/// Copies a file with some bytes replaced.
fn replaced(file: &str, old: &[u8], new: &[u8], to: &str) -> Result<()> {
    let mut bytes = fs::read(file)?;
    let at = bytes.windows(old.len()).position(|window| window == old).context("not in the file")?;
    bytes[at..at + old.len()].copy_from_slice(new);
    Ok(fs::write(to, bytes)?)
}

/// A dry run looks at the kept data and does not change it.
fn dry_with_kept_data(ctx: &mut Ctx) -> Result<()> {
    // The extended kernel's list has sizes and no types.
    let (second, difference) = if is_extended_kernel() {
        ("meter_v2", "meter.c:meter: grew from")
    } else {
        ("meter_v3", "meter.c:meter.stats.count: has 16 bits, had 64")
    };
    let (first, second) = (ctx.fixture("meter")?, ctx.fixture(second)?);
    ctx.insmod(["-n", "--keep=require", &first])?.success()?.silent()?;
    ctx.insmod([&first])?.success()?.silent()?;
    for option in ["--keep=auto", "--keep=require"] {
        ctx.insmod(["-n", option, &second])?.code(1)?.stderr_has(difference)?;
        ctx.insmod(["--probe", option, &second])?.code(1)?.silent()?;
        ctx.insmod(["-n", option, &first])?.success()?.silent()?;
    }
    ctx.insmod(["-n", "--fresh", &second])?.success()?.silent()?;
    ctx.insmod(["-n", "--keep=off", &second])?.success()?.stderr_has("WARNING")?;
    ctx.rmmod(["--discard", "meter"])?.success()?.silent()?;
    Ok(())
}

/// kmod got these two options after 34.2, so there is nothing to compare with; the kernel's answer counts.
fn force(ctx: &mut Ctx) -> Result<()> {
    prepare::files(ctx)?;
    let cases = [
        ("--force-vermagic", "vermagic", true),
        ("--force-vermagic", "crc", false),
        ("--force-vermagic", "both", false),
        ("--force-modversion", "vermagic", false),
        ("--force-modversion", "crc", true),
        ("--force-modversion", "both", false),
        ("--force", "both", true),
    ];
    for (option, name, loads) in cases {
        // finit_module with a flag, and init_module with a modified image.
        for ending in ["ko", "ko.zst"] {
            let file = format!("{}/{name}.{ending}", prepare::DIRECTORY);
            let calls = ctx.trace_module_calls(|ctx| {
                let output = ctx.insmod([option, &file])?;
                ensure!(output.status.is_success() == loads, "{output}");
                ensure!(loads || output.stderr.contains("could not insert module"), "{output}");
                Ok(())
            })?;
            let call = if ending == "ko" { "finit_module" } else { "init_module" };
            ensure!(calls.len() == 1 && calls[0].name == call, "{option} {file}: {calls:?}");
            ensure!(ctx.is_loaded("smoke")? == loads, "{option} {file}");
            if loads {
                let taint = ctx.module("smoke")?.map(|module| module.taint).unwrap_or_default();
                ensure!(taint.contains('F'), "{option} {file}: loaded by force, taint {taint:?}");
                ctx.rmmod(["smoke"])?.success()?;
            }
        }
    }
    // -f is both together.
    let both = format!("{}/both.ko", prepare::DIRECTORY);
    ctx.insmod(["--force-vermagic", &both, "--force-modversion"])?.success()?;
    ctx.rmmod(["smoke"])?.success()?;
    Ok(())
}

fn map(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let output = ctx.insmod(["-m", &file])?.success()?;
    let address = ctx.section_address("smoke", "__param")?;
    let line = output.stdout.lines().find(|line| line.starts_with("__param ")).unwrap_or_default();
    ensure!(line.contains(&format!("{address:016x}")), "{output}");
    ensure!(output.stdout.contains(" d greeting") || output.stdout.contains(" b greeting"), "{output}");
    ctx.rmmod(["smoke"])?.success()?;
    Ok(())
}

fn persist(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    let data = "/var/lib/modules/params.data";
    ctx.insmod(["-e", data, &file, "num=3", "word=a b", "list=1,2", "depth=5"])?.success()?.silent()?;
    ctx.set_parameter("params", "num", "77")?;
    ctx.rmmod(["-e"])?.success()?.silent()?;
    let saved = ctx.read(data)?;
    ensure!(ctx.is_loaded("params")?, "rmmod -e removed the module");
    for line in ["num=77", "word=\"a b\"", "list=1,2", "flag=N", "depth=5", "#% Kernel Linux"] {
        ensure!(saved.contains(line), "no {line} in {saved}");
    }
    fs::write(data, format!("# mine\n{saved}\ngone=1\n"))?;
    ctx.set_parameter("params", "num", "78")?;
    ctx.rmmod(["params"])?.success()?.silent()?;
    let saved = ctx.read(data)?;
    ensure!(saved.contains("# mine") && saved.contains("num=78"), "{saved}");
    ensure!(saved.contains("#% Warning: parameter gone is not supported in this kernel\ngone=1"), "{saved}");
    // The command line comes last, so it wins.
    ctx.insmod(["--persist", data, &file, "list=9"])?.success()?.silent()?;
    ensure!(ctx.parameter("params", "num")? == "78", "the saved value was not used");
    ensure!(ctx.parameter("params", "word")? == "a b", "a space in the value was lost");
    ensure!(ctx.parameter("params", "list")? == "9", "the command line did not override it");
    ensure!(ctx.parameter("params", "depth")? == "5", "a module_param_cb() parameter was lost");
    let mode = fs::metadata(data)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "mode is {mode:o}, but some parameters are readable by root only");
    ctx.rmmod(["params"])?.success()?;
    // Without the option, nothing is restored or saved.
    ctx.insmod([&file])?.success()?;
    ensure!(ctx.parameter("params", "num")? == "0", "the file was used without --persist");
    ctx.rmmod(["params"])?.success()?;
    ensure!(ctx.read(data)?.contains("num=78"), "the file was written without --persist");
    // Nothing is saved either if the module that was loaded with the option was removed by another tool.
    ctx.insmod(["-e", data, &file])?.success()?.silent()?;
    ctx.peer_rmmod(["params"])?.success()?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["-e"])?.success()?.silent()?;
    ctx.rmmod(["params"])?.success()?.silent()?;
    ensure!(ctx.read(data)?.contains("num=78"), "the file of an earlier load was written");
    ctx.insmod(["-e", "relative", &file])?.code(1)?.stderr_has("must be absolute")?;
    ctx.insmod(["-e", "", &file])?.code(1)?.stderr_has("is not below /lib/modules")?;
    fs::write("/etc/modpersist.conf", "persistdir=\n")?;
    ctx.insmod(["-v", "-e", "", &file])?.success()?.stderr_has("persistdir is empty")?;
    fs::remove_file("/etc/modpersist.conf")?;
    ctx.rmmod(["params"])?.success()?;
    fs::write(data, "num\n")?;
    ctx.insmod(["-e", data, &file])?.code(1)?.stderr_has("params.data: line 1: there is no =")?;
    persist_below_persistdir(ctx, &file)?;
    persist_values(ctx, &file, data)
}

/// `-e ''`: the file's path follows that of the module below /lib/modules.
fn persist_below_persistdir(ctx: &mut Ctx, file: &str) -> Result<()> {
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    let installed = format!("/lib/modules/{release}/extra/deep/params.ko");
    ctx.sh(&format!("mkdir -p /lib/modules/{release}/extra/deep && cp {file} {installed}"))?;
    let wanted = "/var/lib/modules/persist/extra/deep/params";
    ctx.sh("rm -rf /var/lib/modules/persist")?;
    // Neither a missing file nor a missing directory is an error.
    ctx.insmod(["-e", "", &installed, "num=5"])?.success()?.silent()?;
    ensure!(!Path::new(wanted).exists(), "written at load");
    ctx.rmmod(["params"])?.success()?.silent()?;
    ensure!(ctx.read(wanted)?.contains("num=5"), "not saved");
    let mode = fs::metadata("/var/lib/modules/persist/extra/deep")?.permissions().mode() & 0o777;
    ensure!(mode == 0o755 && ctx.sh("ls -A /var/lib/modules/persist/extra/deep")? == "params\n", "{mode:o}");
    ctx.insmod(["-e", "", &installed])?.success()?.silent()?;
    ensure!(ctx.parameter("params", "num")? == "5", "not used");
    let saved = ctx.read(wanted)?;
    ensure!(saved.contains("list=\"\"") && saved.contains("num=5"), "an array that was never set: {saved}");
    // The module file has changed since the load: the values are saved anyway, with a warning at -v.
    ctx.sh(&format!("touch -d '2001-01-01 00:00' {installed}"))?;
    ctx.set_parameter("params", "num", "6")?;
    ctx.rmmod(["-v", "params"])?.success()?.stderr_has("Object for module params has changed since load")?;
    ensure!(ctx.read(wanted)?.contains("num=6"), "not saved");
    fs::create_dir_all("/srv/persist")?;
    fs::write("/etc/modpersist.conf", "# site\npersistdir=/srv/persist\n")?;
    ctx.insmod(["-e", "", &installed, "num=7"])?.success()?.silent()?;
    ctx.rmmod(["params"])?.success()?.silent()?;
    ensure!(ctx.read("/srv/persist/extra/deep/params")?.contains("num=7"), "persistdir was not used");
    fs::remove_file("/etc/modpersist.conf")?;
    fs::remove_file(&installed)?;
    Ok(())
}

/// Quotes, escapes, order, limits, and a path that cannot be written.
fn persist_values(ctx: &mut Ctx, file: &str, data: &str) -> Result<()> {
    fs::write(data, "# one\nword=\"a \\\\ b\"\nlist=4,5\n\nnum = 12\nbogus=1\n# end\n")?;
    let output = ctx.insmod(["-v", "-e", data, file])?.success()?;
    output.stderr_has("parameter bogus ignored")?;
    ensure!(ctx.parameter("params", "word")? == "a \\ b", "an escape: {}", ctx.parameter("params", "word")?);
    ensure!(ctx.parameter("params", "num")? == "12" && ctx.parameter("params", "list")? == "4,5", "values");
    ctx.rmmod(["params"])?.success()?.silent()?;
    let saved = ctx.read(data)?;
    let order: Vec<_> = ["# one", "word=\"a \\\\ b\"", "list=4,5", "num=12", "bogus=1", "# end"]
        .iter()
        .map(|text| saved.find(text))
        .collect();
    ensure!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?} in {saved}");
    fs::write(data, "x=1\n".repeat(1001))?;
    ctx.insmod(["-e", data, file])?.code(1)?.stderr_has("more than 1000 parameters")?;
    fs::write(data, format!("word={}\n", "y".repeat(3000)))?;
    ctx.insmod(["-e", data, file])?.code(1)?.stderr_has("longer than 3000 bytes")?;
    // The kernel's parser cannot take an unpaired quote: the value is dropped with a warning.
    fs::write(data, "word=\"a \\\" b\"\nnum=3\n")?;
    ctx.insmod(["-e", data, file])?.success()?.stderr_has("the kernel's syntax cannot express a value")?;
    ensure!(ctx.parameter("params", "num")? == "3", "the other values were not used");
    ctx.rmmod(["params"])?.success()?;
    // If saving fails, that is reported and the module is removed anyway.
    ctx.insmod(["-e", "/proc/no/such", file])?.success()?.silent()?;
    ctx.rmmod(["params"])?.code(1)?.stderr_has("could not save the parameters of params")?;
    ensure!(!ctx.is_loaded("params")?, "it was not removed");
    // rmmod -e with a name: a module that is not loaded is an error, and nothing is removed.
    ctx.insmod(["-e", data, file, "num=8"])?.success()?.silent()?;
    ctx.rmmod(["-e", "params", "absent"])?.code(1)?.stderr_has("Module absent is not currently loaded")?;
    ensure!(ctx.read(data)?.contains("num=8") && ctx.is_loaded("params")?, "not saved, or removed");
    ctx.rmmod(["params"])?.success()?;
    Ok(())
}

fn snapshots(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let count = |ctx: &mut Ctx| -> Result<usize> {
        Ok(ctx
            .sh("ls /var/log/ksymoops 2>/dev/null || true")?
            .lines()
            .filter(|name| name.starts_with("2"))
            .count())
    };
    ctx.sh("rm -rf /var/log/ksymoops")?;
    ctx.insmod(["--snapshot", &file])?
        .success()?
        .stderr_has("no snapshot is taken: /var/log/ksymoops does not exist")?;
    ctx.rmmod(["smoke"])?.success()?.silent()?;
    ensure!(!Path::new("/var/log/ksymoops").exists(), "the directory was created");
    ctx.sh("mkdir -p -m 700 /var/log/ksymoops")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ensure!(count(ctx)? == 0, "a snapshot that nobody asked for");
    ctx.insmod(["-n", "--snapshot", &file])?;
    ensure!(count(ctx)? == 0, "a dry run took a snapshot");
    ctx.rmmod(["smoke"])?.success()?.silent()?;
    ctx.insmod(["--snapshot", &file])?.success()?.silent()?;
    ensure!(count(ctx)? == 2, "no snapshot after insmod");
    let text = ctx.sh("cat /var/log/ksymoops/*.modules")?;
    ensure!(text.contains("smoke "), "{text}");
    ctx.sh("rm /var/log/ksymoops/*.ksyms /var/log/ksymoops/*.modules")?;
    ctx.rmmod(["-vvv", "--snapshot", "smoke"])?.success()?.stderr_has("this boot has a snapshot already")?;
    ensure!(count(ctx)? == 0, "two snapshots in one boot");
    ctx.sh("rm /var/log/ksymoops/*.snapshot")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--snapshot", "smoke"])?.success()?.silent()?;
    ensure!(count(ctx)? == 2, "no snapshot after rmmod");
    ctx.sh("rm -rf /var/log/ksymoops")?;
    Ok(())
}

fn idempotent(ctx: &mut Ctx) -> Result<()> {
    for (module, option) in [("smoke", "--idempotent"), ("smoke", "-L"), ("meter", "--idempotent")] {
        let file = ctx.fixture(module)?;
        ctx.insmod([option, &file])?.success()?;
        ctx.insmod([option, &file])?.success()?;
        ctx.insmod([&file])?.code(1)?.stderr_has("File exists")?;
        ctx.rmmod(["--idempotent", module])?.success()?;
        ctx.rmmod(["--idempotent", "--discard", module])?.success()?;
        ctx.rmmod(["--idempotent", module])?.success()?.silent()?;
    }
    let file = ctx.fixture("params")?;
    ctx.insmod(["--idempotent", &file, "result=-17"])?.code(1)?.stderr_has("File exists")?;
    Ok(())
}

fn wait(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    ctx.insmod([file.as_str(), "hold=1"])?.success()?;
    ctx.rmmod(["--wait=0.3", "params"])?.code(1)?.stderr_has("Module params is in use")?;
    let release = thread::spawn(|| {
        thread::sleep(Duration::from_millis(700));
        fs::write("/sys/module/params/parameters/hold", "0")
    });
    Command::new(tools::RMMOD).args(["--wait=30", "params"]).run()?.success()?.silent()?;
    release.join().map_err(|_| anyhow::anyhow!("the holder panicked"))??;
    Ok(())
}

fn explain(ctx: &mut Ctx) -> Result<()> {
    let needs = ctx.fixture("provider_user")?;
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    ctx.sh(&format!("echo 'alias symbol:provider_value provider' > /lib/modules/{release}/modules.symbols"))?;
    ctx.insmod(["--explain", "--show-log", "--errno", &needs])?
        .code(1)?
        .stderr_has("Unknown symbol in module (errno 2, ENOENT)")?
        .stderr_has("symbol provider_value is exported by module provider, which is not loaded")?
        .stderr_has("it depends on modules that are not loaded: provider")?
        .stderr_has("kernel: provider_user: Unknown symbol provider_value")?;
    ctx.sh(&format!("rm /lib/modules/{release}/modules.symbols"))?;
    let provider = ctx.fixture("provider")?;
    ctx.insmod([&provider])?.success()?;
    ctx.insmod([&needs])?.success()?;
    ctx.rmmod(["--explain", "provider"])?
        .code(1)?
        .stderr_has("Module provider is in use by: provider_user")?
        .stderr_has("module provider_user uses it")?;
    ctx.rmmod(["provider_user", "provider"])?.success()?;
    // An open device, and a reference whose holder cannot be found.
    let meter = ctx.fixture("meter")?;
    ctx.insmod([&meter])?.success()?;
    let device = fs::File::open("/dev/meter")?;
    ctx.rmmod(["--explain", "meter"])?
        .code(1)?
        .stderr_has("Module meter is in use\n")?
        .stderr_has("holds /dev/meter open")?;
    drop(device);
    ctx.rmmod(["--discard", "meter"])?.success()?;
    let params = ctx.fixture("params")?;
    ctx.insmod([params.as_str(), "hold=1"])?.success()?;
    ctx.rmmod(["--explain", "params"])?.code(1)?.stderr_has("its reference count is 1")?;
    ctx.set_parameter("params", "hold", "0")?;
    ctx.rmmod(["params"])?.success()?;
    Ok(())
}

fn stacks(ctx: &mut Ctx) -> Result<()> {
    for name in ["provider", "provider_user", "provider_user2"] {
        let file = ctx.fixture(name)?;
        ctx.insmod([&file])?.success()?;
    }
    ctx.rmmod(["-r", "provider_user"])?.success()?.silent()?;
    ensure!(ctx.is_loaded("provider")?, "a module that is in use was removed");
    ctx.rmmod(["--stacks", "provider_user2"])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("provider")?, "an unused dependency was not removed");
    // Only --discard drops kept data.
    let meter = ctx.fixture("meter")?;
    ctx.insmod([&meter])?.success()?;
    ctx.rmmod(["-r", "meter"])?.success()?;
    ensure!(is_kept(ctx, "meter")?, "--stacks dropped kept data");
    ctx.rmmod(["--discard", "meter"])?.success()?;
    // Parameters are saved however the module is removed.
    let (owner, importer, data) = (ctx.fixture("torture")?, ctx.fixture("importer")?, "/tmp/torture.data");
    ctx.insmod(["-e", data, &owner, "level=30"])?.success()?.silent()?;
    ctx.insmod([&importer])?.success()?;
    ctx.rmmod(["-r", "importer"])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("torture")? && ctx.read(data)?.contains("level=30"), "not saved");
    ctx.rmmod(["--discard", "torture"])?.success()?;
    Ok(())
}
