// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask histories`, as seen from inside the machine: the versions of one module are loaded one after
//! the other, with data in use.
//!
//! The host says what to load and which bytes to write ([`Plan`]), and judges what was read ([`Step`]).
//! Nothing here knows what the bytes mean. Where a variable is comes from the loaded module itself: it has an
//! entry for each, whose address the kernel filled in when it linked the module.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::ctx::{Command, Ctx, Output, tools};

/// The guest's directory with the plan and the modules.
pub const DIRECTORY: &str = "/histories";

/// The file names of the results start with this.
pub const RESULT: &str = "step-";

/// What to load, and what to write.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The module's name, with underscores.
    pub module: String,
    /// Modules that it needs, in order, as files in [`DIRECTORY`].
    pub needed: Vec<String>,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
}

/// One version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// What to call it.
    pub name: String,
    /// Its file in [`DIRECTORY`].
    pub file: String,
    /// What to write once it is loaded.
    pub writes: Vec<Write>,
}

/// Bytes for a part of a variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Write {
    /// The source file, as kbuild names it, without `.c`.
    pub file: String,
    /// The variable.
    pub variable: String,
    /// In bytes from its start.
    pub offset: u64,
    /// In hexadecimal.
    pub bytes: String,
    /// If it is a pointer, where it leads to. The bytes are an offset there, as one number.
    pub leads_to: Option<Place>,
}

/// Where a pointer leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A page of zeroes, which belongs to no module.
    Page,
    /// A variable: source file and name.
    Variable(String, String),
}

/// What happened with one version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Step {
    /// Whether `modpersist check` said that it would load it.
    pub promised: bool,
    /// What the first insmod said.
    pub said: String,
    /// Whether it loaded the module.
    pub loaded: bool,
    /// If not, what `insmod --fresh` said.
    pub fresh: Option<String>,
    /// The variables, right after the load that succeeded.
    pub first: Vec<Memory>,
    /// The same after everything was written.
    pub last: Vec<Memory>,
}

/// A variable in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The source file, as kbuild names it, without `.c`.
    pub file: String,
    /// The variable.
    pub name: String,
    /// Where the module sees it.
    pub address: u64,
    /// Its content, in hexadecimal.
    pub bytes: String,
}

/// Runs the plan.
pub fn run(ctx: &mut Ctx) -> Result<()> {
    let text = ctx.read(format!("{DIRECTORY}/plan.json"))?;
    let plan: Plan = serde_json::from_str(&text).context("the plan is not valid")?;
    for file in &plan.needed {
        insmod(&[&format!("{DIRECTORY}/{file}")])?.success()?;
    }
    insmod(&["/modules/poke.ko"])?.success()?;
    let page: u64 = ctx.parameter("poke", "page")?.parse()?;
    for (number, version) in plan.versions.iter().enumerate() {
        let step = step(ctx, &plan.module, version, page).context(version.name.clone())?;
        ctx.artifact(format!("{RESULT}{number:03}.json"), serde_json::to_string(&step)?);
    }
    Ok(())
}

fn insmod(args: &[&str]) -> Result<Output> {
    Command::new(tools::INSMOD).args(args).run()
}

fn step(ctx: &mut Ctx, module: &str, version: &Version, page: u64) -> Result<Step> {
    let file = format!("{DIRECTORY}/{}", version.file);
    let checked = Command::new(tools::MODPERSIST).args(["check", &file]).run()?;
    let mut step = Step { promised: checked.status.is_success(), ..Step::default() };
    let load = insmod(&[&file, "history_idle=1"])?;
    step.loaded = load.status.is_success();
    step.said = load.stdout + &load.stderr;
    if !step.loaded {
        let load = insmod(&["--fresh", &file, "history_idle=1"])?;
        ensure!(load.status.is_success(), "it was refused:\n{}and afresh as well:\n{load}", step.said);
        step.fresh = Some(load.stdout + &load.stderr);
    }
    let entries = entries(ctx, module)?;
    step.first = memory(&entries)?;
    for write in &version.writes {
        let entry = entries.iter().find(|entry| entry.file == write.file && entry.name == write.variable);
        // A variable may be missing in what the compiler made of the file.
        let Some(entry) = entry else { continue };
        let base = match &write.leads_to {
            None => None,
            Some(Place::Page) => Some(page),
            Some(Place::Variable(file, name)) => {
                let found = entries.iter().find(|entry| entry.file == *file && entry.name == *name);
                Some(found.map_or(page, |entry| entry.address))
            }
        };
        let bytes = match base {
            Some(base) => hex(&(base + u64::from_str_radix(&write.bytes, 16)?).to_le_bytes()),
            None => write.bytes.clone(),
        };
        ctx.set_parameter("poke", "write", &format!("{:x} {bytes}", entry.address + write.offset))?;
    }
    step.last = memory(&entries)?;
    Command::new(tools::RMMOD).arg(module).run()?.success()?;
    Ok(step)
}

/// An entry of `tests/histories/history.h`.
struct Entry {
    file: String,
    name: String,
    address: u64,
    size: usize,
}

/// The entries of the loaded module.
fn entries(ctx: &Ctx, module: &str) -> Result<Vec<Entry>> {
    let suffix = format!("[{module}]");
    let memory = Kcore::open()?;
    let mut entries = Vec::new();
    for line in ctx.read("/proc/kallsyms")?.lines().filter(|line| line.ends_with(&suffix)) {
        let mut words = line.split_whitespace();
        let (Some(address), Some(_), Some(name)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if name.starts_with("history_entry_") {
            entries.push(Entry::parse(&memory.read(u64::from_str_radix(address, 16)?, 144)?)?);
        }
    }
    entries.sort_by(|a, b| (&a.file, &a.name).cmp(&(&b.file, &b.name)));
    Ok(entries)
}

impl Entry {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let text = |range| {
            let bytes: &[u8] = bytes.get(range).unwrap_or_default();
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
        };
        let word = |at: usize| {
            let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
            bytes.map(|bytes| u64::from_le_bytes(*bytes)).context("an entry is cut off")
        };
        Ok(Self { file: text(0..64), name: text(64..128), address: word(128)?, size: word(136)?.try_into()? })
    }
}

fn memory(entries: &[Entry]) -> Result<Vec<Memory>> {
    let memory = Kcore::open()?;
    let mut all = Vec::new();
    for entry in entries {
        let bytes = hex(&memory.read(entry.address, entry.size)?);
        all.push(Memory {
            file: entry.file.clone(),
            name: entry.name.clone(),
            address: entry.address,
            bytes,
        });
    }
    Ok(all)
}

/// The kernel's memory, as an ELF core file.
struct Kcore {
    file: File,
    /// Address, size, and offset in the file.
    segments: Vec<(u64, u64, u64)>,
}

impl Kcore {
    fn open() -> Result<Self> {
        let file = File::open("/proc/kcore").context("cannot open /proc/kcore")?;
        let mut header = [0; 64];
        file.read_exact_at(&mut header, 0)?;
        let count = u16::from_le_bytes([header[56], header[57]]);
        let mut segments = Vec::new();
        for index in 0..u64::from(count) {
            let mut segment = [0; 56];
            file.read_exact_at(&mut segment, 64 + index * 56)?;
            let word =
                |at: usize| segment.get(at..).and_then(|s| s.first_chunk()).map(|w| u64::from_le_bytes(*w));
            if let (Some(offset), Some(address), Some(size)) = (word(8), word(16), word(40)) {
                segments.push((address, size, offset));
            }
        }
        Ok(Self { file, segments })
    }

    fn read(&self, address: u64, size: usize) -> Result<Vec<u8>> {
        let found = self.segments.iter().find(|(start, size, _)| {
            // Notes have no address.
            *start != 0 && address.checked_sub(*start).is_some_and(|offset| offset < *size)
        });
        let (start, _, offset) = found.with_context(|| format!("/proc/kcore does not have {address:#x}"))?;
        let mut bytes = vec![0; size];
        self.file
            .read_exact_at(&mut bytes, offset + (address - start))
            .with_context(|| format!("cannot read {size} bytes at {address:#x}"))?;
        Ok(bytes)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
