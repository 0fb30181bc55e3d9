// SPDX-License-Identifier: MIT OR Apache-2.0
//! Users of a module that are not modules: mounts of its file systems and of others on its block devices,
//! swap space on them, devices of its drivers that processes hold open, network interfaces that are up.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::files;

/// Classes of virtual devices that the kernel itself makes, or whose devices have names of their own.
const OTHER_CLASSES: &[&str] = &["graphics", "input", "mem", "misc", "tty", "vc", "vtconsole"];

/// Most devices that are named because they may belong to the module.
const MAX_GUESSES: usize = 4;

/// One line for each user that can be found. What may not be read is skipped: this is only an explanation.
pub(super) fn find(root: &Path, module: &str) -> Vec<String> {
    let mut found = mounts(root, module);
    found.extend(swaps(root, module));
    found.extend(interfaces(root, module));
    let (open, own, perhaps) = open_devices(root, module, std::process::id());
    found.extend(open);
    if found.is_empty() {
        found.extend(own);
    }
    if found.is_empty() {
        found.extend(perhaps.into_iter().take(MAX_GUESSES));
    }
    found
}

fn mounts(root: &Path, module: &str) -> Vec<String> {
    let text = files::read(&root.join("proc/self/mountinfo")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter_map(|line| mount(root, module, line)).collect()
}

/// One line of `/proc/self/mountinfo`: a file system of the module, or one on its block device.
fn mount(root: &Path, module: &str, line: &str) -> Option<String> {
    let (head, tail) = line.split_once(" - ")?;
    let mut words = head.split(' ').skip(2);
    let (number, place) = (words.next()?, words.nth(1)?);
    let mut words = tail.split(' ');
    let (kind, source) = (words.next()?, words.next()?);
    if kind.replace('-', "_") == module {
        return Some(format!("{place} is mounted ({kind})"));
    }
    // Some file systems (btrfs) have a number of their own; they name the device.
    let (major, minor) = number.split_once(':')?;
    let own = (major.parse().ok()?, minor.parse().ok()?);
    let named = || {
        let data = fs::metadata(root.join(source.strip_prefix('/')?)).ok()?;
        data.file_type().is_block_device().then(|| numbers(data.rdev()))
    };
    let device = if own.0 == 0 { named()? } else { own };
    is_device_of(root, "block", device, module).then(|| format!("{place} is mounted ({kind} on {source})"))
}

/// Block devices of the module on which the kernel swaps.
fn swaps(root: &Path, module: &str) -> Vec<String> {
    let text = fs::read_to_string(root.join("proc/swaps")).unwrap_or_default();
    let of_module = |line: &str| {
        let place = line.split_whitespace().next()?;
        let data = fs::metadata(root.join(place.strip_prefix('/')?)).ok()?;
        let is_ours =
            data.file_type().is_block_device() && is_device_of(root, "block", numbers(data.rdev()), module);
        is_ours.then(|| format!("{place} is in use as swap space"))
    };
    text.lines().skip(1).filter_map(of_module).collect()
}

fn interfaces(root: &Path, module: &str) -> Vec<String> {
    let directory = root.join("sys/class/net");
    let names = files::names(&directory).unwrap_or_default();
    let of_module = |name: &String| {
        let up = files::line(&directory.join(name).join("operstate")).is_ok_and(|state| state != "down");
        up && has_driver(&directory.join(name), module)
    };
    names.into_iter().filter(of_module).map(|name| format!("network interface {name} is up")).collect()
}

/// Whether the driver of a device, or of a parent of it, belongs to the module.
fn has_driver(device: &Path, module: &str) -> bool {
    let is_module = |link: PathBuf| {
        fs::canonicalize(link).is_ok_and(|target| target.file_name().is_some_and(|name| name == module))
    };
    let Ok(mut place) = fs::canonicalize(device) else { return false };
    for below in ["device/driver/module", "driver/module"] {
        if is_module(place.join(below)) {
            return true;
        }
    }
    while place.pop() && place.file_name().is_some_and(|name| name != "devices") {
        if is_module(place.join("driver/module")) {
            return true;
        }
    }
    false
}

/// Whether a device has the module's name, with or without a number. Many devices (all of `misc`) have no
/// driver in the kernel's device model.
fn has_its_name(device: &Path, module: &str) -> bool {
    let Ok(place) = fs::canonicalize(device) else { return false };
    let name = place.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
    name == module || name.trim_end_matches(|letter: char| letter.is_ascii_digit()) == module
}

/// Major and minor number.
fn numbers(device: u64) -> (u64, u64) {
    (nix::sys::stat::major(device), nix::sys::stat::minor(device))
}

/// Whether a device, `char` or `block`, seems to belong to the module.
fn is_device_of(root: &Path, kind: &str, (major, minor): (u64, u64), module: &str) -> bool {
    let place = root.join(format!("sys/dev/{kind}/{major}:{minor}"));
    has_driver(&place, module) || has_its_name(&place, module) || is_registered(root, kind, major, module)
}

/// Whether the module has registered this number, under its own name: what registers a number alone, as many
/// character devices and RAM disks do, has no driver in the device model.
fn is_registered(root: &Path, kind: &str, major: u64, module: &str) -> bool {
    let text = fs::read_to_string(root.join("proc/devices")).unwrap_or_default();
    let heading = if kind == "char" { "Character devices:" } else { "Block devices:" };
    let section = text.lines().skip_while(|line| *line != heading).skip(1);
    section.take_while(|line| !line.trim().is_empty()).any(|line| {
        let mut words = line.split_whitespace();
        words.next().and_then(|number| number.parse().ok()) == Some(major)
            && words.next().is_some_and(|name| name.replace('-', "_") == module)
    })
}

/// Whether the kernel does not tell whose device this is: character devices of a common class (cameras,
/// sound) have the number and the class of a module below the driver, and virtual ones have no driver.
fn is_of_unknown_module(root: &Path, major: u64, place: &Path) -> bool {
    let Ok(place) = fs::canonicalize(place) else { return false };
    let Ok(base) = fs::canonicalize(root.join("sys/devices/virtual")) else { return false };
    let Ok(below) = place.strip_prefix(base) else { return false };
    let class = below.iter().next().unwrap_or_default().to_string_lossy();
    let is_other = OTHER_CLASSES.contains(&&*class);
    let modules = files::names(&root.join("sys/module")).unwrap_or_default();
    !is_other && !modules.iter().any(|module| is_registered(root, "char", major, module))
}

/// A device that a process holds open.
struct OpenDevice {
    process: String,
    /// Its descriptor.
    number: String,
    link: PathBuf,
    /// `char` or `block`
    kind: &'static str,
    device: (u64, u64),
}

impl OpenDevice {
    /// All that may be seen.
    fn all(root: &Path) -> Vec<Self> {
        let mut found = Vec::new();
        for process in files::names(&root.join("proc")).unwrap_or_default() {
            if !process.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let directory = root.join("proc").join(&process).join("fd");
            for number in files::names(&directory).unwrap_or_default() {
                let link = directory.join(&number);
                let Ok(data) = fs::metadata(&link) else { continue };
                let kind = match data.file_type() {
                    kind if kind.is_char_device() => "char",
                    kind if kind.is_block_device() => "block",
                    _ => continue,
                };
                let (process, device) = (process.clone(), numbers(data.rdev()));
                found.push(Self { process, number, link, kind, device });
            }
        }
        found
    }

    fn name(&self) -> String {
        fs::read_link(&self.link).unwrap_or_default().display().to_string()
    }

    /// Who holds it open.
    fn line(&self, root: &Path) -> String {
        let process = &self.process;
        let command = files::line(&root.join("proc").join(process).join("comm")).unwrap_or_default();
        format!("process {process} ({command}) holds {} open", self.name())
    }

    /// The same of this process: it opens no devices itself.
    fn inherited(&self) -> String {
        format!("this command itself was started with {} open, as descriptor {}", self.name(), self.number)
    }
}

/// The processes that hold devices of the module open; the devices among them that this process, `own_id`, was
/// started with; and the processes that hold open what may be such a device.
fn open_devices(root: &Path, module: &str, own_id: u32) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut found, mut own, mut perhaps) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let own_id = own_id.to_string();
    let mut known: Vec<((u64, u64), &str, bool)> = Vec::new();
    for open in OpenDevice::all(root) {
        let (kind, device) = (open.kind, open.device);
        let before = known.iter().find(|(number, of, _)| (*number, *of) == (device, kind));
        let ours = match before {
            Some((_, _, ours)) => *ours,
            None => {
                let ours = is_device_of(root, kind, device, module);
                known.push((device, kind, ours));
                ours
            }
        };
        let (major, minor) = device;
        let place = root.join(format!("sys/dev/{kind}/{major}:{minor}"));
        if !ours && (kind != "char" || !is_of_unknown_module(root, major, &place)) {
            continue;
        }
        let line = open.line(root);
        if open.process == own_id {
            own.extend(ours.then(|| open.inherited()));
        } else if ours {
            found.insert(line);
        } else {
            perhaps.insert(format!("perhaps: {line} (the kernel does not tell whose device it is)"));
        }
    }
    let lines = |lines: BTreeSet<String>| lines.into_iter().collect();
    (lines(found), lines(own), lines(perhaps))
}

/// The processes that hold open a character device whose number the module has registered under its own name.
/// Its own functions are called then, whatever the kernel counts. This process, `own_id`, is named if no other
/// is.
pub(super) fn of_own_devices(root: &Path, module: &str, own_id: u32) -> Vec<String> {
    let own_id = own_id.to_string();
    let all = OpenDevice::all(root).into_iter();
    let of_module =
        all.filter(|open| open.kind == "char" && is_registered(root, "char", open.device.0, module));
    let (own, others): (Vec<_>, Vec<_>) = of_module.partition(|open| open.process == own_id);
    let lines: BTreeSet<String> = match others.is_empty() {
        true => own.iter().map(OpenDevice::inherited).collect(),
        false => others.iter().map(|open| open.line(root)).collect(),
    };
    lines.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_of_the_module_that_registered_it() -> std::io::Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("proc"))?;
        let text = "Character devices:\n  1 mem\n246 scull\n\nBlock devices:\n246 other\n254 rapid-disk\n";
        fs::write(root.path().join("proc/devices"), text)?;
        let is_of = |kind, major, module| is_registered(root.path(), kind, major, module);
        assert!(is_of("char", 246, "scull") && is_of("block", 254, "rapid_disk"));
        assert!(!is_of("block", 246, "scull") && !is_of("char", 254, "rapid_disk"));
        assert!(!is_of("char", 1, "scull") && !is_of("block", 246, "scul"));
        Ok(())
    }

    /// A shell with `exec 7</dev/scull0` hands the descriptor to each command that it starts.
    #[test]
    fn what_this_process_has_inherited_is_said_apart() -> std::io::Result<()> {
        let root = tempfile::tempdir()?;
        let at = |place: &str| root.path().join(place);
        for process in ["10", "11"] {
            fs::create_dir_all(at("proc").join(process).join("fd"))?;
            fs::write(at("proc").join(process).join("comm"), "some\n")?;
            std::os::unix::fs::symlink("/dev/null", at("proc").join(process).join("fd/7"))?;
        }
        fs::write(at("proc/devices"), "Character devices:\n  1 scull\n")?;
        let (open, own, perhaps) = open_devices(root.path(), "scull", 11);
        assert_eq!(open, ["process 10 (some) holds /dev/null open"]);
        assert_eq!(own, ["this command itself was started with /dev/null open, as descriptor 7"]);
        assert!(perhaps.is_empty(), "{perhaps:?}");
        assert_eq!(open_devices(root.path(), "other", 11), Default::default());
        assert_eq!(of_own_devices(root.path(), "scull", 11), open);
        assert!(of_own_devices(root.path(), "mem", 11).is_empty());
        fs::remove_dir_all(at("proc/10"))?;
        assert_eq!(of_own_devices(root.path(), "scull", 11), own);
        Ok(())
    }

    #[test]
    fn mounts_are_of_the_file_system_or_of_the_block_device_below_it() -> std::io::Result<()> {
        let root = tempfile::tempdir()?;
        fs::create_dir_all(root.path().join("proc/self"))?;
        fs::write(root.path().join("proc/devices"), "Block devices:\n254 rapiddisk\n  8 sd\n")?;
        let text = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                    30 22 254:0 / /mnt/r rw,relatime shared:1 - ext4 /dev/rd0 rw\n\
                    31 22 0:40 / /mnt/t rw - my-fs none rw\n\
                    32 22 0:41 / /run rw - tmpfs tmpfs rw\nnonsense\n";
        fs::write(root.path().join("proc/self/mountinfo"), text)?;
        let of = |module| mounts(root.path(), module);
        assert_eq!(of("rapiddisk"), ["/mnt/r is mounted (ext4 on /dev/rd0)"]);
        assert_eq!(of("my_fs"), ["/mnt/t is mounted (my-fs)"]);
        assert!(of("tmp").is_empty());
        Ok(())
    }

    #[test]
    fn devices_of_a_common_class_may_be_of_any_module() -> std::io::Result<()> {
        let root = tempfile::tempdir()?;
        let at = |place: &str| root.path().join(place);
        fs::create_dir_all(at("proc"))?;
        fs::write(at("proc/devices"), "Character devices:\n 81 video4linux\n246 scull\n 10 misc\n")?;
        for place in ["module/scull", "module/camera", "devices/pci0/video4linux/video1"] {
            fs::create_dir_all(at("sys").join(place))?;
        }
        let is_unknown = |major, place: &str| -> std::io::Result<bool> {
            fs::create_dir_all(at(place))?;
            Ok(is_of_unknown_module(root.path(), major, &at(place)))
        };
        assert!(is_unknown(81, "sys/devices/virtual/video4linux/video0")?);
        assert!(!is_unknown(246, "sys/devices/virtual/scull/scull0")?, "it is scull's");
        assert!(!is_unknown(10, "sys/devices/virtual/misc/fuse")?);
        assert!(!is_unknown(81, "sys/devices/pci0/video4linux/video1")?, "it has a driver");
        Ok(())
    }
}
