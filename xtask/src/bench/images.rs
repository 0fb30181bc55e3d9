// SPDX-License-Identifier: MIT OR Apache-2.0
//! What making the images of the kernel's largest module costs, against objcopy's copy of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::Object;
use vmguest::scenarios::large_debug_info;

use super::document::Row;
use crate::args::KernelArgs;
use crate::checks::export_layout::module_files;
use crate::images::made_persistent;
use crate::kernel::Kernel;
use crate::setup::debug::Debug;
use crate::setup::{self, Missing};
use crate::{fixtures, process, workspace};

/// The least number of times that we must be faster where there is debug information, in tenths, and the most
/// memory besides the program's own, in hundredths of the file.
const MIN_FASTER: u64 = 50;
const MAX_MEMORY: u64 = 250;

/// The section of the largest module whose data count as persistent in the file as its build made it: a dozen
/// variables of a few of its source files, as a driver's author has them.
const FEW_VARIABLES: &str = ".data..read_mostly";

/// The fixture that is given the debug information of a large driver.
const FIXTURE: &str = "layout.ko";

/// Measures it: the kernel's largest module, whose ordinary data count as persistent, as it is installed and as
/// its build made it, and a module of our own with 100 MB of debug information.
pub fn measure(args: &KernelArgs) -> Result<Vec<Row>> {
    let kernel = setup::ready(args)?.kernel;
    let modules =
        kernel.modules.as_ref().ok_or_else(|| Missing(format!("{} has no modules here", kernel.release)))?;
    let sizes = module_files(modules)?.into_iter().map(|file| Ok((fs::metadata(&file)?.len(), file)));
    let largest = sizes.collect::<Result<Vec<_>>>()?.into_iter().max().context("no modules")?.1;
    let name = largest.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(name.ends_with(".ko"), "{name} is compressed");
    let installed = made_persistent::of(fs::read(&largest)?)?.context("it has no data")?;
    let mut rows = rows(&kernel, &installed, &format!("the largest module, {name}, as installed"), None)?;
    let built = made_persistent::of_section(as_built(&kernel, modules, &largest)?, FEW_VARIABLES)?;
    let built = built.with_context(|| format!("it has no {FEW_VARIABLES}"))?;
    let what = format!("the largest module, {name}, as built");
    rows.extend(self::rows(&kernel, &built, &what, Some(MIN_FASTER))?);

    let fixture = fs::read(fixtures::build(&kernel)?.join(FIXTURE))?;
    let mut object = Object::parse(&fixture)?;
    large_debug_info::grow(&mut object)?;
    let what = "a module with 100 MB of debug sections";
    rows.extend(self::rows(&kernel, &object.write()?, what, Some(MIN_FASTER))?);
    Ok(rows)
}

/// The file as its build made it. The distribution's package of debug information has whole modules.
fn as_built(kernel: &Kernel, modules: &Path, installed: &Path) -> Result<Vec<u8>> {
    let built = Debug::fetch(&kernel.release)?.of_module(&kernel.release, installed.strip_prefix(modules)?);
    if !built.is_file() {
        return Err(Missing(format!(
            "{} is not there: remove its cached package, so that it is fetched anew",
            built.display()
        ))
        .into());
    }
    Ok(fs::read(built)?)
}

fn rows(kernel: &Kernel, module: &[u8], what: &str, least: Option<u64>) -> Result<Vec<Row>> {
    let folder = workspace::target().join("bench-images");
    fs::create_dir_all(&folder)?;
    let file = folder.join("module.ko");
    fs::write(&file, module)?;
    let mut bench = workspace::cargo();
    bench.args(["bench", "--quiet", "--package", "libmodfmt", "--bench", "images", "--"]);
    bench.arg(&file).arg(&kernel.release).arg(&folder);
    let output = process::output(&mut bench)?;
    let numbers = output.lines().last().context("the bench has said nothing")?.split(' ');
    let numbers = numbers.map(str::parse).collect::<Result<Vec<u64>, _>>().with_context(|| output.clone())?;
    let [ours, objcopys, peak, size] = *numbers else { anyhow::bail!("{output}") };
    let with = format!("Linux {}, {}", kernel.release, objcopy_version()?);
    let tenths = objcopys.saturating_mul(10) / ours.max(1);
    let hundredths = peak.saturating_mul(100) / size.max(1);
    let limit = least.map_or("none".to_owned(), |least| format!("at least {}.{}", least / 10, least % 10));
    Ok(vec![
        Row {
            what: format!("images of {what}, against a copy by objcopy"),
            ours: format!("{} ms", ours / 1000),
            peers: format!("{} ms", objcopys / 1000),
            ratio: format!("{}.{} times faster", tenths / 10, tenths % 10),
            limit,
            date: process::today()?,
            with: with.clone(),
            holds: least.is_none_or(|least| tenths >= least),
        },
        Row {
            what: format!("memory for images of {what}, against the file"),
            ours: format!("{} MiB", peak >> 10),
            peers: format!("{} MiB", size >> 10),
            ratio: format!("{}.{:02}", hundredths / 100, hundredths % 100),
            limit: format!("at most {}.{:02}", MAX_MEMORY / 100, MAX_MEMORY % 100),
            date: process::today()?,
            with,
            holds: hundredths <= MAX_MEMORY,
        },
    ])
}

fn objcopy_version() -> Result<String> {
    let text = process::output(Command::new("objcopy").arg("--version"))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(format!("objcopy {}", line.rsplit(' ').next().unwrap_or_default()))
}
