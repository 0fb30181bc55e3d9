// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether, and how, an extended kernel keeps the data itself. It goes by the names of files and symbols and
//! by sizes; what it cannot know, types and functions, is compared here before it is asked: types by the
//! notes that insmod has left with the kernel.

use std::collections::HashSet;

use libmodfmt::persist::{
    Account, Difference, Fate, Header, KeptPlace, KernelNames, Refusals, UnitPlace, Variable,
};
use libmodsys::PersistSupport;

use super::outcome::RegionUse;
use super::pinned_modules;
use super::table::{Case, Keeping, Method, types_missing, types_not_kept};
use crate::error::KeepError;
use crate::region::Region;

/// Whether a keeper would be better.
pub(super) enum Preference {
    /// The kernel keeps the data.
    First,
    /// The kernel keeps it if no keeper can: only insmod, with debug information, can tell some of the
    /// variables apart in a later version.
    Second,
}

/// How the kernel would keep the data; `None` if it does not. What keepers hold stays there unless it is
/// dropped anyway.
pub(super) fn keeps(
    case: &Case<'_>,
    refusals: &Refusals,
) -> Result<Option<(Keeping, Preference)>, KeepError> {
    let keeping = |region_use, account, notes| Keeping {
        region_use,
        method: Method::ExtendedKernel { account },
        notes,
    };
    let left_out = case.persistent.inventory().types_left_out;
    let not_kept = types_not_kept(left_out).into_iter().collect();
    if let Some(region) = case.kept().filter(|region| region.is_extended()) {
        if case.region_use()? == RegionUse::Replace {
            return Ok(Some((keeping(RegionUse::Replace, None, not_kept), Preference::First)));
        }
        let (account, notes) = bind(case, region)?;
        return Ok(Some((keeping(RegionUse::Bind, Some(Box::new(account)), notes), Preference::First)));
    }
    let region_use = case.region_use()?;
    let may_keep = region_use != RegionUse::Bind
        && case.kernel.persist_support()? == PersistSupport::Extended
        // The extended kernel keeps no pointers into other modules; a keeper can pin those modules.
        && pinned_modules::notes(case.kernel, &refusals.imports)?.is_empty();
    // The variables of common sections stay together, whatever keeps them.
    let needs_functions = !case.persistent.header().has_common_sections_only() && names(case).are_ambiguous();
    let preference = if needs_functions { Preference::Second } else { Preference::First };
    Ok(may_keep.then(|| (keeping(region_use, None, not_kept), preference)))
}

fn names(case: &Case<'_>) -> KernelNames {
    KernelNames::of(&case.persistent.module().object, case.persistent.inventory())
}

/// What becomes of each variable, in the kernel's way; an error if that is not what the file, its hints and
/// the user ask for.
fn bind(case: &Case<'_>, region: &Region) -> Result<(Account, Vec<String>), KeepError> {
    let mut file = case.persistent.header().clone();
    // In a common section, the kernel goes by the names of source files in the symbol table.
    file.named &= case.persistent.module().names_files()
        || !file.units.iter().any(libmodfmt::persist::Unit::is_common_section);
    let account = case.account_without_values(&file)?;
    let owner = || region.owner.clone();
    if let Some(left) = account.left.first() {
        let (variable, what) = (left.variable.to_string(), "start it afresh by itself".to_owned());
        return Err(KeepError::NotByTheKernel { owner: owner(), variable, what });
    }
    let names = names(case);
    let headers = region.headers();
    // Without the functions in notes, which it does not read.
    let listed = Region::find_extended(case.kernel, &region.owner)?;
    let listed = listed.as_ref().map(Region::headers).unwrap_or_default();
    let several = several_of_one_name(&listed);
    let mut differences = Vec::new();
    for own in &account.variables {
        match &own.fate {
            // Said to be new, and the kernel would find it by its name.
            Fate::New => {
                let mut kept = listed.iter().flat_map(|header| header.variables());
                if kept.any(|(_, kept)| names.is_same(own.unit, &own.variable, kept)) {
                    differences.push(Difference::NoFunctions { name: file_and_name(&own.variable) });
                }
            }
            Fate::Bound { at, .. } => {
                let generation = |header: &&&Header| header.generation == at.generation;
                let Some(header) = headers.iter().find(generation) else { continue };
                // The same build has the same symbols, and binds section by section.
                if !file.build_id.is_empty() && header.build_id == file.build_id {
                    continue;
                }
                let Some(header) = listed.iter().find(generation) else { continue };
                let unit = header.unit(at.ordinal);
                let at_place = |kept: &&Variable| kept.offset == at.offset;
                let kept: Vec<_> =
                    unit.into_iter().flat_map(|unit| &unit.variables).filter(at_place).collect();
                let is_one_of_several = |kept: &&Variable| several.contains(&kernel_key(header, kept));
                if names.is_ambiguous(own.unit, &own.variable) || kept.iter().any(is_one_of_several) {
                    differences.push(Difference::NoFunctions { name: file_and_name(&own.variable) });
                    continue;
                }
                let is_same = |kept: &&Variable| names.is_same(own.unit, &own.variable, kept);
                if let Some(kept) = kept.first().filter(|_| !kept.iter().any(is_same)) {
                    let variable = own.variable.to_string();
                    let what = format!("find it under another name: it is kept as {kept}");
                    return Err(KeepError::NotByTheKernel { owner: owner(), variable, what });
                }
            }
            _ => {
                let (variable, what) = (own.variable.to_string(), "convert it".to_owned());
                return Err(KeepError::NotByTheKernel { owner: owner(), variable, what });
            }
        }
    }
    if differences.is_empty()
        && !account.units.iter().zip(&file.units).all(|(place, unit)| is_inside(*place, unit.size, region))
    {
        differences.push(Difference::NoPlace);
    }
    if !differences.is_empty() {
        return Err(KeepError::LayoutDiffers {
            owner: owner(),
            differences,
            account: Some(Box::new(account)),
            by_extended_kernel: true,
        });
    }
    let left_out = case.persistent.inventory().types_left_out;
    let notes = types_note(&account, &file, &headers, left_out).into_iter().collect();
    Ok((account, notes))
}

/// What is said of variables whose types were not compared: a change to them would go unnoticed.
fn types_note(account: &Account, file: &Header, kept: &[&Header], left_out: Option<usize>) -> Option<String> {
    let (bound, not_compared) = account.bound();
    if not_compared == 0 {
        return None;
    }
    let is_known = |at: &KeptPlace| {
        let header = kept.iter().find(|header| header.generation == at.generation);
        let unit = header.and_then(|header| header.unit(at.ordinal));
        let mut variables = unit.into_iter().flat_map(|unit| &unit.variables);
        variables.any(|kept| kept.offset == at.offset && kept.type_id.is_some())
    };
    let places = account.variables.iter().filter_map(|own| match &own.fate {
        Fate::Bound { at, types_compared: false } => Some(at),
        _ => None,
    });
    let mut missing_there = places.filter(|at| !is_known(at)).peekable();
    let why = if file.knows_types() && missing_there.peek().is_some() {
        "the kernel was not told theirs (another program has loaded the module, insmod was interrupted, or \
         debug information was missing)"
            .to_owned()
    } else {
        types_missing(left_out)
    };
    Some(format!(
        "the types of {not_compared} of {bound} variables were not compared with what is kept: {why}"
    ))
}

/// Whether a unit lies within the kept one that it is bound to.
fn is_inside(place: UnitPlace, size: u64, region: &Region) -> bool {
    let UnitPlace::Kept { generation, ordinal, offset } = place else { return true };
    let headers = region.headers();
    let header = headers.iter().find(|header| header.generation == generation);
    let room = header.and_then(|header| header.unit(ordinal)).map_or(0, |unit| unit.size);
    let end = u64::try_from(offset).ok().and_then(|start| start.checked_add(size));
    end.is_some_and(|end| end <= room)
}

/// What the kernel knows a variable by: the block, the file, and the name with clang's function.
type KernelKey<'a> = (u32, Option<&'a str>, Option<&'a str>, &'a str);

fn kernel_key<'a>(block: &Header, variable: &'a Variable) -> KernelKey<'a> {
    (block.generation, variable.file.as_deref(), variable.function.as_deref(), &variable.name)
}

/// Variables that the kernel cannot tell from others of their block.
fn several_of_one_name<'a>(blocks: &[&'a Header]) -> HashSet<KernelKey<'a>> {
    let mut seen = HashSet::new();
    let all = blocks.iter().flat_map(|block| {
        block.variables().map(|(_, variable)| kernel_key(block, variable)).collect::<Vec<_>>()
    });
    all.filter(|key| !seen.insert(*key)).collect()
}

fn file_and_name(variable: &Variable) -> String {
    let name = variable.plain_name();
    variable.file.as_ref().map_or_else(|| name.to_owned(), |file| format!("{file}:{name}"))
}
