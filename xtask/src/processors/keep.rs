// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module with persistent data on each processor: the images are made here and loaded there, the owner
//! twice.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;

use super::modules;
use super::packages::Packages;
use super::table::Processor;
use super::tools::Tools;
use crate::workspace;

/// The images, as files for the guest.
pub struct Images {
    pub keeper: PathBuf,
    pub owner: PathBuf,
}

/// The module's name in the fixtures.
const NAME: &str = "keep";

/// What the guest's shell does with them: it loads both, removes the owner, and loads it again.
pub const SCRIPT: &str = "$busybox insmod /keeper.ko\n$busybox insmod /owner.ko\n\
    $busybox rmmod keep__persist 2>/dev/null && echo 'keep: the keeper is not pinned' > /dev/kmsg\n\
    $busybox rmmod keep\n$busybox insmod /owner.ko\n$busybox rmmod keep\n\
    echo \"keep: taint $($busybox cat /proc/sys/kernel/tainted)\" > /dev/kmsg\n\
    $busybox rmmod keep__persist && echo 'keep: all removed' > /dev/kmsg\n";

/// An external module without a signature. Modules of a kernel that checks none are not tainted by that.
const TAINTS: [&str; 2] = ["4096", "12288"];

/// Builds the module and makes the images. An error if data of this processor's modules cannot be kept.
pub fn build(processor: &Processor, from: (&Tools, &Packages), stage: &Path) -> Result<Images> {
    fs::create_dir_all(stage).with_context(|| format!("cannot create {}", stage.display()))?;
    let root = workspace::root();
    for file in ["tests/fixtures/processors/keep.c", "kernel/persistent.h"] {
        let file = root.join(file);
        fs::copy(&file, stage.join(file.file_name().unwrap_or_default()))
            .with_context(|| format!("cannot copy {}", file.display()))?;
    }
    fs::write(stage.join("Kbuild"), format!("ccflags-y := -g\nobj-m += {NAME}.o\n"))?;
    modules::make(processor, from, stage)?;
    let content = ModuleFile::new(fs::read(stage.join(format!("{NAME}.ko")))?, 0);
    let persistent = content.persistent()?.context("the module has no persistent data")?;
    let refused = persistent.refusals()?;
    ensure!(refused.reasons.is_empty(), "{:?}", refused.reasons);
    let module = content.module()?;
    let release = Release::parse(&from.1.release).context("the kernel's release is no number")?;
    let layout = ExportLayout::for_release(module.object.ident.machine, release);
    let bindings = Bindings::first(persistent.header());
    let write = |name: &str, image: Vec<u8>| {
        let path = stage.join(name);
        fs::write(&path, image).with_context(|| format!("cannot write {}", path.display())).map(|()| path)
    };
    Ok(Images {
        keeper: write("keeper.ko", persistent.keeper(&layout, &bindings)?)?,
        owner: write("owner.ko", persistent.owner(&bindings)?)?,
    })
}

/// What is wrong with what the module has said, if anything is.
pub fn check(console: &str) -> Vec<String> {
    let said: Vec<&str> = console
        .lines()
        .filter_map(|line| line.split_once("keep: ").map(|(_, text)| text.trim_end()))
        .collect();
    let mut wrong = Vec::new();
    let mut places = Vec::new();
    for expected in [
        "loads 42, shared 1001 and 2001, filled 5 and 3, list whole, at ",
        "loads 43, shared 1002 and 2002, filled 10 and 6, list whole, at ",
    ] {
        match said.iter().find_map(|line| line.strip_prefix(expected)) {
            Some(place) => places.push(place),
            None => wrong.push(format!("keep: no line `{expected}...`, but {said:?}")),
        }
    }
    if let [first, second] = places[..]
        && first != second
    {
        wrong.push(format!("keep: the data was at {first}, then at {second}"));
    }
    if said.contains(&"the keeper is not pinned") {
        wrong.push("keep: the kernel removed the keeper while the owner was loaded".to_owned());
    }
    let taint = said.iter().find_map(|line| line.strip_prefix("taint "));
    if taint.is_none_or(|taint| !TAINTS.contains(&taint)) {
        wrong.push(format!("keep: the kernel's taint is {taint:?}"));
    }
    if !said.contains(&"all removed") {
        wrong.push("keep: the keeper was not removed in the end".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[    1.0] keep: loads 42, shared 1001 and 2001, filled 5 and 3, list whole, at 00ff\r\n\
        [    1.1] keep: loads 43, shared 1002 and 2002, filled 10 and 6, list whole, at 00ff\r\n\
        [    1.2] keep: taint 12288\r\n[    1.3] keep: all removed\r\n";

    #[test]
    fn what_a_good_run_says() {
        assert_eq!(check(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_can_be_wrong() {
        for (from, to) in [
            ("loads 43", "loads 42"),
            ("10 and 6, list whole, at 00ff", "10 and 6, list whole, at 01ff"),
            ("12288", "12290"),
            ("all removed", "the keeper is not pinned"),
            ("list whole", "list broken"),
        ] {
            assert!(!check(&GOOD.replace(from, to)).is_empty(), "{from}");
        }
    }
}
