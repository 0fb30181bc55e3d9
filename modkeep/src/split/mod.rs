// SPDX-License-Identifier: MIT OR Apache-2.0
//! The images of a load, made when a module is built: files that can be signed, and that any program can
//! load.
//!
//! - `source.rs`: what tells how the kernel lays out export tables.
//! - `error.rs`: why a module cannot be split.

mod error;
mod source;

use libmodfmt::file::{ModuleFile, Persistent};
use libmodfmt::image::{Bindings, BoundKeeper, keepers_of, with_keepers};
use libmodfmt::module::THIS_MODULE;
use libmodfmt::persist::{
    Account, Difference, Fate, Header, KeptMemory, KeptPlace, Stay, Wishes, hold_of_generation,
    keeper_of_generation,
};

pub use error::SplitError;
pub use source::KernelSource;

use crate::error::KeepError;
use crate::plan::{add_hints, types_missing};

/// A module that is to be written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitModule {
    /// Its name.
    pub name: String,
    /// The file.
    pub image: Vec<u8>,
}

/// What a module was split into.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The module itself, bound to its keepers.
    pub owner: SplitModule,
    /// The keeper of what is new; `None` if everything is in the keepers that it was bound to.
    pub keeper: Option<SplitModule>,
    /// What holds that keeper.
    pub hold: Option<SplitModule>,
    /// The generations that the module uses, the new one included, oldest first.
    pub generations: Vec<u32>,
    /// What becomes of each variable.
    pub account: Account,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// At a build there is no memory with kept values.
struct NoMemory;

impl KeptMemory for NoMemory {
    fn address(&self, _generation: u32, _ordinal: u32) -> Option<u64> {
        None
    }

    fn read(&self, _place: KeptPlace, _size: u64) -> Result<Vec<u8>, String> {
        Err("values are not known when a module is built".to_owned())
    }
}

/// Splits a module for the kernel that `source` tells about. `kept` are the headers of the keepers that it is
/// bound to; the first build has none.
///
/// # Errors
/// Its data cannot be kept, the source is of another kernel, or a variable needs its value at run time.
pub fn split(file: &ModuleFile, source: &KernelSource<'_>, kept: &[Header]) -> Result<Split, SplitError> {
    let module = file.module().map_err(KeepError::from)?;
    if keepers_of(module).is_some() || module.keeper_header().is_some() {
        return Err(SplitError::AlreadySplit);
    }
    let persistent = file.persistent().map_err(KeepError::from)?.ok_or(SplitError::NothingToKeep)?;
    let reasons = persistent.refusals().map_err(KeepError::from)?.reasons;
    if !reasons.is_empty() {
        return Err(KeepError::Refused { reasons }.into());
    }
    let kept = in_order(&persistent, kept)?;
    let account = account(&persistent, &kept)?;
    let owner = module.name.clone();
    let mut notes = types_notes(&persistent, &account);
    let bindings = Bindings::at_build(&account, persistent.header(), &kept).ok_or_else(|| {
        let account = Some(Box::new(account.clone()));
        KeepError::LayoutDiffers {
            owner: owner.clone(),
            differences: vec![Difference::NoPlace],
            account,
            by_extended_kernel: false,
        }
    })?;
    let new = bindings.generation.as_ref();
    if new.is_some_and(|header| !header.has_all_types() && header.build_id.is_empty()) {
        return Err(SplitError::NoIdentity);
    }
    let detected = source.layout(module, &mut notes)?;
    let size = module.object.section(THIS_MODULE).map_or(0, |(_, section)| section.size);
    if let Some(kernel) = detected.module_size.filter(|kernel| *kernel != size) {
        return Err(SplitError::ThisModule { file: size, kernel });
    }
    let generation = bindings.generation.as_ref();
    let keeper = |header: &Header| -> Result<SplitModule, KeepError> {
        let name = keeper_of_generation(&owner, header.generation);
        Ok(SplitModule { name, image: persistent.keeper(&detected.layout, &bindings)? })
    };
    let hold = |header: &Header| -> Result<SplitModule, KeepError> {
        let name = hold_of_generation(&owner, header.generation);
        Ok(SplitModule { name, image: persistent.hold(header)? })
    };
    let (keeper, hold) = (generation.map(keeper).transpose()?, generation.map(hold).transpose()?);
    let all: Vec<&Header> = kept.iter().copied().chain(generation).collect();
    let keepers: Vec<BoundKeeper> = all.iter().map(|header| BoundKeeper::of(header)).collect();
    let image = persistent.owner(&bindings).map_err(KeepError::from)?;
    let image = with_keepers(&image, &keepers).map_err(KeepError::from)?;
    let generations = all.iter().map(|header| header.generation).collect();
    let owner = SplitModule { name: owner, image };
    Ok(Split { owner, keeper, hold, generations, account, notes })
}

/// The headers by generation. They must be this module's, and none may be missing.
fn in_order<'h>(persistent: &Persistent<'_>, kept: &'h [Header]) -> Result<Vec<&'h Header>, SplitError> {
    let owner = &persistent.header().owner;
    let mut all: Vec<&Header> = kept.iter().collect();
    all.sort_by_key(|header| header.generation);
    if let Some(other) = all.iter().find(|header| header.owner != *owner) {
        return Err(SplitError::OtherOwner { owner: owner.clone(), keeper_of: other.owner.clone() });
    }
    for (wanted, header) in (1..).zip(&all) {
        if header.generation != wanted {
            return Err(SplitError::KeeperMissing { keeper: keeper_of_generation(owner, wanted) });
        }
        // Without one, the names of symbols do not tell this keeper from another build's.
        if header.identity == 0 {
            return Err(SplitError::NotSplit { keeper: keeper_of_generation(owner, header.generation) });
        }
    }
    // Each was made on those before it, and on no others.
    for (count, header) in all.iter().enumerate() {
        let mut again = Header::clone(header);
        again.identify(all.get(..count).unwrap_or_default());
        if again.identity != header.identity {
            return Err(SplitError::OtherChain { keeper: keeper_of_generation(owner, header.generation) });
        }
    }
    Ok(all)
}

/// What becomes of each variable. Whatever depends on values is refused.
fn account(persistent: &Persistent<'_>, kept: &[&Header]) -> Result<Account, SplitError> {
    let defined_tags = persistent.inventory().defined_tags.clone();
    let wishes = add_hints(Wishes { defined_tags, ..Wishes::default() }, persistent.module());
    let wishes = wishes.map_err(KeepError::from)?;
    let account = persistent.account(kept, &wishes, &NoMemory).map_err(KeepError::from)?;
    if !account.is_allowed() {
        let mut differences: Vec<Difference> = account.differences().cloned().collect();
        if differences.is_empty() {
            differences.push(Difference::NoPlace);
        }
        let owner = persistent.header().owner.clone();
        let account = Some(Box::new(account));
        return Err(
            KeepError::LayoutDiffers { owner, differences, account, by_extended_kernel: false }.into()
        );
    }
    let needs = |fate: &Fate| match fate {
        Fate::Converted { .. } => Some("it would be converted"),
        Fate::ByHand { .. } => Some("the module's init would convert it"),
        Fate::InPlace { stay: Stay::Grows, how, .. } if !how.needs_values() => None,
        Fate::InPlace { .. } => Some("whether it can stay in place depends on its value"),
        Fate::Bound { .. } | Fate::New | Fate::Differs(_) => None,
        _ => Some("it needs a load by insmod"),
    };
    let variables = account.variables.iter().filter_map(|own| {
        let why = needs(&own.fate)?;
        let changes = own.fate.changes().iter();
        let changes: Vec<String> = changes.map(|change| format!("{} {}", change.path, change.what)).collect();
        Some(match changes.join("; ") {
            changes if changes.is_empty() => format!("{}: {why}", own.variable),
            changes => format!("{}: {why} ({changes})", own.variable),
        })
    });
    let variables: Vec<String> = variables.collect();
    if variables.is_empty() { Ok(account) } else { Err(SplitError::NeedsValues { variables }) }
}

/// Later builds are compared by types, and the names of symbols depend on them.
fn types_notes(persistent: &Persistent<'_>, account: &Account) -> Vec<String> {
    let header = persistent.header();
    let why = types_missing(persistent.inventory().types_left_out);
    let all = header.variables().count();
    let untyped = header.variables().filter(|(_, variable)| variable.type_id.is_none()).count();
    let mut notes = Vec::new();
    if untyped > 0 {
        notes.push(format!(
            "the types of {untyped} of {all} variables are not known, so that no other build uses what is kept \
             unless --bind-to says so: {why}"
        ));
    }
    let (bound, not_compared) = account.bound();
    if not_compared > 0 {
        notes.push(format!(
            "the types of {not_compared} of {bound} variables were not compared with what is kept: {why}"
        ));
    }
    notes
}
