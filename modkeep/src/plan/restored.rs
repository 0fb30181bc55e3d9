// SPDX-License-Identifier: MIT OR Apache-2.0
//! A first load whose variables start with values that were saved before a reboot.

use libmodfmt::btf::{Btf, BtfTypes};
use libmodfmt::file::Persistent;
use libmodfmt::persist::{Account, Difference, Restored, Wishes};
use libmodfmt::types::Types;
use libmodfmt::values::WithKernelTypes;
use libmodsys::Kernel;

use super::kernel_btf;
use super::request::Restore;
use crate::error::KeepError;
use crate::region::Region;

/// Whether there is anything that saved values must not be given to.
pub(super) fn check(restore: Restore<'_>, owner: &str, kept: Option<&Region>) -> Result<(), KeepError> {
    let saved = &restore.values.header.owner;
    if saved != owner {
        return Err(KeepError::SavedOtherOwner { owner: owner.to_owned(), saved: saved.clone() });
    }
    if kept.is_some() {
        return Err(KeepError::KeptAlready { owner: owner.to_owned() });
    }
    Ok(())
}

/// What becomes of each variable. `left` is what an interrupted discard has left.
pub(super) fn account(
    kernel: &dyn Kernel,
    persistent: &Persistent<'_>,
    restore: Restore<'_>,
    wishes: &Wishes,
    left: Option<&Region>,
) -> Result<Account, KeepError> {
    let Restored { mut account, mut missing, .. } = restored(kernel, persistent, restore, wishes)?;
    let is_unused = |variable: &_| restore.unused.contains(variable);
    missing.retain(|variable| {
        // Its type is of no interest here.
        let mut named = variable.clone();
        named.type_id = None;
        !is_unused(&named)
    });
    let mut differences: Vec<Difference> = account.differences().cloned().collect();
    if differences.is_empty() && !account.is_allowed() {
        differences.push(Difference::NoPlace);
    }
    if !differences.is_empty() || !missing.is_empty() {
        let owner = persistent.header().owner.clone();
        return Err(KeepError::SavedDiffers { owner, differences, missing });
    }
    // It does not come into force again.
    if let Some(region) = left {
        account.generation = region.next_generation();
        account.fresh = region.generations.is_empty();
    }
    Ok(account)
}

/// With the kernel's types, which a header only names.
fn restored(
    kernel: &dyn Kernel,
    persistent: &Persistent<'_>,
    restore: Restore<'_>,
    wishes: &Wishes,
) -> Result<Restored, KeepError> {
    let table = &persistent.header().types;
    let of = |types: &dyn Types| Ok(persistent.restored(restore.values, wishes, types)?);
    let blobs =
        WithKernelTypes::is_needed(table).then(|| kernel_btf::read(kernel, persistent.module())).flatten();
    let Some(blobs) = blobs else { return of(table) };
    let Ok(btf) = Btf::parse(&blobs.vmlinux) else { return of(table) };
    let types = BtfTypes::new(&btf);
    let split: Vec<Btf<'_>> =
        blobs.modules.iter().filter_map(|blob| Btf::parse_split(blob, &btf).ok()).collect();
    let split_types: Vec<BtfTypes<'_, '_>> = split.iter().map(BtfTypes::new).collect();
    let known = WithKernelTypes::new(table, &btf, &types);
    let known =
        split.iter().zip(&split_types).fold(known, |known, (btf, types)| known.with_module(btf, types));
    of(&known)
}
