// SPDX-License-Identifier: MIT OR Apache-2.0
//! What making the images of the kernel's largest module costs, against objcopy's copy of it.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::document::Row;
use crate::args::KernelArgs;
use crate::checks::export_layout::module_files;
use crate::images::made_persistent;
use crate::setup::Missing;
use crate::{kernel, process, workspace};

/// The least number of times that we must be faster, and the most memory, in hundredths of the file.
const MIN_FASTER: u64 = 5;
const MAX_MEMORY: u64 = 250;

/// Measures it. The module's ordinary data count as persistent.
pub fn measure(args: &KernelArgs) -> Result<Vec<Row>> {
    let kernel = kernel::find(args)?;
    let modules = kernel.modules.ok_or_else(|| Missing(format!("{} has no modules here", kernel.release)))?;
    let sizes = module_files(&modules)?.into_iter().map(|file| Ok((fs::metadata(&file)?.len(), file)));
    let largest = sizes.collect::<Result<Vec<_>>>()?.into_iter().max().context("no modules")?.1;
    let name = largest.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(name.ends_with(".ko"), "{name} is compressed");
    let folder = workspace::target().join("bench-images");
    fs::create_dir_all(&folder)?;
    let file = folder.join("module.ko");
    fs::write(&file, made_persistent::of(fs::read(&largest)?)?.context("it has no data")?)?;

    let mut bench = workspace::cargo();
    bench.args(["bench", "--quiet", "--package", "libmodfmt", "--bench", "images", "--"]);
    bench.arg(&file).arg(&kernel.release).arg(&folder);
    let output = process::output(&mut bench)?;
    let numbers = output.lines().last().context("the bench has said nothing")?.split(' ');
    let numbers = numbers.map(str::parse).collect::<Result<Vec<u64>, _>>().with_context(|| output.clone())?;
    let [ours, objcopys, peak, size] = *numbers else { anyhow::bail!("{output}") };
    let with = format!("{name} of Linux {}, {}", kernel.release, objcopy_version()?);
    let tenths = objcopys.saturating_mul(10) / ours.max(1);
    let hundredths = peak.saturating_mul(100) / size.max(1);
    Ok(vec![
        Row {
            what: "keeper and owner image of the largest module, against objcopy".to_owned(),
            ours: format!("{} ms", ours / 1000),
            peers: format!("{} ms", objcopys / 1000),
            ratio: format!("{}.{} times faster", tenths / 10, tenths % 10),
            limit: format!("at least {MIN_FASTER} times"),
            date: process::today()?,
            with: with.clone(),
            holds: tenths >= MIN_FASTER * 10,
        },
        Row {
            what: "memory for these images, against the file".to_owned(),
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
    let text = process::output(std::process::Command::new("objcopy").arg("--version"))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(format!("objcopy {}", line.rsplit(' ').next().unwrap_or_default()))
}
