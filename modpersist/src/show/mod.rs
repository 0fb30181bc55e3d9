// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show OWNER [PATH]`
//!
//! - `kept.rs`: all kept variables with their types, `kernel_types.rs`: those that only the kernel has;
//!   `select.rs`: what is asked for.
//! - `memory.rs`, `values.rs`: bytes of kernel memory, and the values in them.
//! - `pointers/`: what addresses are; `follow.rs`, `find_starts.rs`: what they lead to.
//! - `saved.rs`: the same values with their types, for `modpersist save`.
//! - `shown.rs`: what is shown, made by `build.rs`, printed by `text.rs` or as JSON, compared by `diff.rs`.

mod build;
mod diff;
mod find_starts;
mod follow;
mod kept;
mod kernel_types;
mod memory;
mod pointers;
mod saved;
mod select;
pub(crate) mod shown;
mod text;
mod untyped_text;
mod values;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use libmodfmt::btf::{Btf, BtfTypes};
use libmodfmt::module_name::is_module_name;
use libmodsys::Kernel;
use modkeep::{Generation, Region};

pub(crate) use saved::saved;

use crate::args::ShowArgs;
use crate::owner_state::is_loaded;
use crate::{address, hex, json, owner_state};
use build::Build;
use diff::{Report, Saved};
use follow::{Follow, Followed};
use kept::Kept;
use kernel_types::KernelRecords;
use memory::Memory;
use pointers::PointerNames;
use select::Target;
use shown::{Shown, ShownChain, ShownKind};
use text::Text;
use values::Extent;

/// A target with what it holds.
struct Content<'k> {
    target: Target<'k>,
    /// None if it could not be read.
    bytes: Option<Vec<u8>>,
    value: Option<Shown>,
    chains: Vec<ShownChain>,
}

pub(crate) fn run(kernel: &dyn Kernel, args: &ShowArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let owner = &*args.owner;
    ensure!(is_module_name(owner), "'{owner}' cannot be the name of a module");
    // Before the kernel is asked: the file may be wrong.
    let saved = args.diff.as_deref().map(Saved::read).transpose()?;
    with_reader(kernel, owner, |reader| print_with(reader, args, saved.as_ref(), out))
}

/// Does something with all that is known of the data of `owner`.
fn with_reader<T>(kernel: &dyn Kernel, owner: &str, act: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
    ensure!(is_module_name(owner), "'{owner}' cannot be the name of a module");
    let Some(region) = find(kernel, owner)? else {
        ensure!(
            !is_loaded(kernel, owner),
            "nothing is kept for {owner}, although it is loaded: it has no persistent data, or another program than \
             this package's insmod has loaded it"
        );
        bail!("nothing is kept for {owner} (`modpersist list` shows what is)");
    };
    // Pointers may lead to the data of others. What cannot be read of them has no names.
    let others = Region::entries(kernel).unwrap_or_default().into_iter().flatten();
    let mut regions: Vec<Region> = others.filter(|other| other.owner != region.owner).collect();
    regions.insert(0, region);
    let [region, ..] = regions.as_slice() else { bail!("nothing is kept for {owner}") };
    let blob = kernel.vmlinux_btf().ok().flatten();
    let btf = blob.as_deref().and_then(|blob| Btf::parse(blob).ok());
    let btf_types = btf.as_ref().map(BtfTypes::new);
    let vmlinux = btf.as_ref().zip(btf_types.as_ref());
    let blobs =
        vmlinux.map(|source| kernel_types::module_blobs(kernel, &regions, source)).unwrap_or_default();
    let parsed: Vec<Btf<'_>> = blobs
        .iter()
        .filter_map(|blob| btf.as_ref().and_then(|base| Btf::parse_split(blob, base).ok()))
        .collect();
    let module_types: Vec<_> = parsed.iter().map(BtfTypes::new).collect();
    let sources: Vec<_> = vmlinux.into_iter().chain(parsed.iter().zip(&module_types)).collect();
    let kept = Kept::of(&regions, &sources);
    let memory = Memory::new(kernel);
    let names = PointerNames::new(kernel, &kept, btf.as_ref(), &memory);
    act(&Reader { kernel, region, kept: &kept, memory: &memory, names: &names, vmlinux: btf.as_ref() })
}

fn print_with(
    reader: &Reader<'_>,
    args: &ShowArgs,
    saved: Option<&Saved>,
    out: &mut dyn Write,
) -> Result<ExitCode> {
    let region = reader.region;
    let targets = match &args.path {
        Some(path) => vec![select::select(reader.kept, &region.owner, path, reader.memory)?],
        None => reader.all(),
    };
    let extent = if args.path.is_some() { Extent::Asked } else { Extent::Overview };
    let (contents, denied) = reader.contents(targets, extent, args.follow.unwrap_or(0));
    if let Some(saved) = saved {
        let report = match contents.as_slice() {
            [only] if args.path.is_some() => {
                Report::of_part(saved, &region.owner, &only.target.name, only.value.as_ref())?
            }
            all => {
                let is_in_force =
                    |content: &&Content<'_>| !content.target.variable.is_some_and(|own| own.is_replaced);
                let in_force = all.iter().filter(is_in_force);
                let now: Vec<_> =
                    in_force.map(|content| (content.target.name.clone(), content.value.as_ref())).collect();
                Report::of(saved, &region.owner, &now)?
            }
        };
        if args.json {
            json::print(&report, out)?;
        } else {
            report.print(&mut Text::new(out, args.wide))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.json {
        json::print(&json_of(region, contents, denied, args), out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = Text::new(out, args.wide);
    if args.path.is_none() {
        summary(region, &mut text)?;
    }
    print(region, &contents, args, &mut text)?;
    if let Some(why) = denied {
        text.blank()?;
        text.line(0, &format!("The contents cannot be read: {why}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Reader<'r> {
    kernel: &'r dyn Kernel,
    region: &'r Region,
    kept: &'r Kept<'r>,
    memory: &'r Memory<'r>,
    names: &'r PointerNames<'r>,
    /// The kernel's own BTF.
    vmlinux: Option<&'r Btf<'r>>,
}

impl<'r> Reader<'r> {
    /// All variables of the owner.
    fn all(&self) -> Vec<Target<'r>> {
        let own = self.kept.variables.iter().filter(|variable| variable.owner == self.region.owner);
        own.map(Target::whole).collect()
    }

    /// The contents of all targets, and why some could not be read. `follow` is how many objects of each list
    /// are looked for.
    fn contents(
        &self,
        targets: Vec<Target<'r>>,
        extent: Extent,
        follow: usize,
    ) -> (Vec<Content<'r>>, Option<String>) {
        let most = extent.bytes();
        let mut denied = None;
        // One reason for all: without addresses there are no contents.
        let hidden = std::cell::OnceCell::new();
        let first: Vec<_> = targets
            .iter()
            .map(|target| {
                let hidden = || hidden.get_or_init(|| memory::address_denied(self.kernel)).clone();
                let address = target.address.known().ok_or_else(hidden);
                let read = address.and_then(|at| self.memory.read(at, target.size.min(most)));
                read.map_err(|why| denied = Some(why)).ok()
            })
            .collect();
        // Names take a while to be read: time for values to change before the second reading.
        if first.iter().any(Option::is_some) {
            self.names.prepare();
        }
        let read: Vec<_> = targets
            .into_iter()
            .zip(first)
            .map(|(target, bytes)| {
                let again = bytes
                    .as_ref()
                    .and_then(|bytes| self.memory.read(target.address.known()?, bytes.len() as u64).ok());
                let value = bytes.as_deref().map(|bytes| {
                    let again = again.as_deref().unwrap_or(bytes);
                    self.value(&target, bytes, again, extent)
                });
                (target, bytes, value)
            })
            .collect();
        // Lists and trees are followed once; nodes of lists that are kept are found from the list's head.
        let owner = &*self.region.owner;
        let records = KernelRecords::of(self.vmlinux.filter(|_| follow > 0));
        let mut follow = Follow::new(self.kept, self.memory, self.names, &records, (owner, follow));
        let (mut contents, mut followed) = (Vec::new(), Vec::new());
        for (target, bytes, value) in read {
            let (shown, tree) = value.unzip();
            let is_replaced = target.variable.is_some_and(|own| own.is_replaced);
            let known = target.ty.zip(target.address.known()).zip(tree.flatten()).filter(|_| !is_replaced);
            let name = target.name.clone();
            followed.push(known.map(|((ty, address), value)| Followed { name, address, types: ty.0, value }));
            contents.push(Content { target, bytes, value: shown, chains: Vec::new() });
        }
        for (content, chains) in contents.iter_mut().zip(follow.all(followed)) {
            content.chains = chains;
        }
        (contents, denied)
    }

    /// What is shown for bytes, and the tree of values if their type is known.
    fn value(
        &self,
        target: &Target<'_>,
        bytes: &[u8],
        again: &[u8],
        extent: Extent,
    ) -> (Shown, Option<libmodfmt::values::Value>) {
        let typed = target.ty.and_then(|(index, at)| Some((self.kept.types(index)?, at)));
        let Some((types, at)) = typed else {
            let text = untyped_text::text(bytes, target.type_name.as_deref());
            return (Shown { kind: ShownKind::Untyped { text }, unstable: bytes != again }, None);
        };
        let value = values::of_bytes(types, at, bytes, again, extent);
        let build = Build { types, names: self.names, owner: &self.region.owner };
        (build.shown(&value), Some(value))
    }
}

fn json_of(
    region: &Region,
    contents: Vec<Content<'_>>,
    denied: Option<String>,
    args: &ShowArgs,
) -> json::Shown {
    let mut shown = json::Region::of(region);
    let mut followed = Vec::new();
    let mut selected = None;
    let mut values = Vec::new();
    for content in contents {
        followed.extend(content.chains);
        if args.path.is_some() {
            selected = Some(json::Selected {
                path: content.target.name,
                address: content.target.address.known().map(|address| format!("{address:#x}")),
                size: content.target.size,
                type_name: content.target.type_name,
                value: content.value,
            });
        } else {
            let own = content.target.variable;
            let (replaced, unused) = own.map_or((false, false), |own| (own.is_replaced, own.is_unused));
            let now = own.filter(|own| own.grown_from.is_some());
            let now = now.map(|own| (own.size, own.type_name.clone()));
            let (bytes, value, type_id) = (content.bytes, content.value, None);
            values.push(json::Content { bytes, value, replaced, unused, now, type_id });
        }
    }
    if args.path.is_some() {
        shown.leave_out_sections();
    }
    shown.add_contents(values, denied);
    json::Shown { schema: shown::SCHEMA, region: shown, saved: None, selected, followed }
}

fn print(region: &Region, contents: &[Content<'_>], args: &ShowArgs, text: &mut Text<'_>) -> Result<()> {
    if args.path.is_some() {
        for content in contents {
            print_content(content, 0, text)?;
        }
        return Ok(());
    }
    for generation in &region.generations {
        text.blank()?;
        heading(generation, text)?;
        let number = generation.header.generation;
        let is_own = |content: &&Content<'_>| {
            content.target.variable.is_some_and(|variable| variable.place.generation == number)
        };
        for content in contents.iter().filter(is_own) {
            print_content(content, 2, text)?;
        }
    }
    Ok(())
}

fn print_content(content: &Content<'_>, indent: usize, text: &mut Text<'_>) -> Result<()> {
    let target = &content.target;
    let line =
        format!("{}  {} bytes  {}{}", address::text(target.address), target.size, target.name, target.mark);
    text.line(indent, &line)?;
    let inner = indent.saturating_add(4);
    let type_name = target.type_name.as_deref().unwrap_or("-");
    match &content.value {
        Some(value) => text.value(inner, type_name, value)?,
        None => text.line(inner, &format!("{type_name} (not read)"))?,
    }
    let there = content.bytes.as_ref().map_or(target.size, |bytes| bytes.len() as u64);
    if there < target.size {
        text.line(inner, &format!("... ({} more bytes)", target.size.saturating_sub(there)))?;
    }
    for chain in &content.chains {
        text.chain(inner, chain)?;
    }
    Ok(())
}

/// A name with `-` is tried as it is and as kbuild would write it, with `_`.
fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>> {
    let found = Region::find(kernel, owner)?;
    if found.is_some() || !owner.contains('-') {
        return Ok(found);
    }
    Ok(Region::find(kernel, &owner.replace('-', "_"))?)
}

fn summary(region: &Region, text: &mut Text<'_>) -> Result<()> {
    text.line(0, &format!("owner     {}", region.owner))?;
    text.line(0, &format!("state     {}", owner_state::text(region.owner_state)))?;
    if !region.users.is_empty() {
        text.line(0, &format!("used by   {}", region.users.join(" ")))?;
    }
    let holds: Vec<&str> = region.holds().collect();
    if !holds.is_empty() {
        text.line(0, &format!("held by   {}", holds.join(" ")))?;
    }
    text.line(0, &format!("size      {} bytes", region.size()))?;
    if let Some(pending) = &region.pending {
        text.line(0, &format!("pending   {pending}: a load has begun and not ended"))?;
    }
    for generation in &region.stale {
        let keeper = &generation.kept_by;
        text.line(10, &format!("{keeper} is no longer in force; the next load drops it"))?;
    }
    Ok(())
}

/// One line or more about a generation: what keeps it, and where it is from.
fn heading(generation: &Generation, text: &mut Text<'_>) -> Result<()> {
    let header = &generation.header;
    let (keeper, size, units) = (&generation.kept_by, header.size(), header.units.len());
    text.line(0, &format!("generation {}, {keeper}: {size} bytes in {units} sections", header.generation))?;
    if !header.build_id.is_empty() {
        text.line(0, &format!("build id {}", hex::encode(&header.build_id)))?;
    }
    if !header.named {
        text.line(0, "made from a stripped file, which does not name every variable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::ByteOrder;
    use libmodfmt::persist::{Header, NOTE_SECTION, Unit, keeper_name};
    use modtest::{FakeKernel, FakeModule};

    use super::find;

    fn kernel(owner: &str) -> FakeKernel {
        let mut header = Header::new(owner);
        header.named = false;
        header.units.push(Unit::new(".data..persistent", 8, 8));
        let kernel = FakeKernel::new();
        let note = header.to_note(ByteOrder::Little);
        kernel.add(FakeModule::new(&keeper_name(owner)).note(NOTE_SECTION, &note));
        kernel
    }

    #[test]
    fn names_are_tried_as_given_and_as_kbuild_writes_them() {
        let owner = |kernel: &FakeKernel, name| {
            let region = find(kernel, name).expect("the fake answers");
            region.map(|region| region.owner)
        };
        for kept in ["my_driver", "my-driver"] {
            assert_eq!(owner(&kernel(kept), "my-driver").as_deref(), Some(kept));
        }
        assert_eq!(owner(&kernel("my-driver"), "my_driver"), None);
        assert_eq!(owner(&kernel("other"), "my-driver"), None);
    }
}
