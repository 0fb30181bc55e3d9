// SPDX-License-Identifier: MIT OR Apache-2.0
//! The modules that use the one that is reloaded, directly or not: they go first and come back last.

use std::collections::BTreeSet;

use libmodfmt::proc;
use libmodsys::{InitState, Kernel};
use modkeep::Region;

use super::parameters::LoadedParameters;
use super::refusal::Refusal;
use super::version::{FileSearch, Version, read};

/// A module that is unloaded and loaded again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependent {
    pub name: String,
    pub version: Version,
    /// Parameters that it does not get back.
    pub lost: Vec<String>,
}

/// The modules that use `owner`, in an order in which they can be unloaded.
///
/// # Errors
/// One of them cannot be unloaded.
pub(super) fn in_order(kernel: &dyn Kernel, owner: &str) -> Result<Vec<String>, Refusal> {
    let mut order = Vec::new();
    visit(kernel, owner, &mut BTreeSet::new(), &mut order)?;
    order.pop();
    Ok(order)
}

fn visit(
    kernel: &dyn Kernel,
    module: &str,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<String>,
) -> Result<(), Refusal> {
    if !seen.insert(module.to_owned()) {
        return Ok(());
    }
    check(kernel, module)?;
    for holder in kernel.holders(module).map_err(|error| Refusal::new(error.to_string()))? {
        if let Ok(Some(generation)) = Region::of_keeper(kernel, &holder) {
            let other = generation.header.owner;
            let remedy = format!("rmmod --discard {other} drops that data");
            return Err(Refusal::new(format!("kept data of {other} needs {module}")).with_remedy(remedy));
        }
        visit(kernel, &holder, seen, order)?;
    }
    order.push(module.to_owned());
    Ok(())
}

/// Whether a module could be unloaded if no other module used it.
fn check(kernel: &dyn Kernel, module: &str) -> Result<(), Refusal> {
    match kernel.init_state(module) {
        Ok(Some(InitState::Live)) => {}
        Ok(Some(InitState::Coming)) => {
            return Err(Refusal::new(format!(
                "{module} has been in its init function since an earlier load: it hangs there, or it oopsed"
            )));
        }
        Ok(Some(InitState::Going)) => return Err(Refusal::new(format!("{module} is being removed"))),
        Ok(_) => return Err(Refusal::new(format!("{module} is not a module that can be unloaded"))),
        Err(error) => return Err(Refusal::new(error.to_string())),
    }
    let text = kernel.modules_text().unwrap_or_default();
    let listed = proc::modules(&text).filter_map(Result::ok);
    if listed.into_iter().any(|listed| listed.name == module.as_bytes() && listed.is_permanent()) {
        return Err(Refusal::new(format!("{module} has no exit function, and stays until the next boot")));
    }
    let holders = kernel.holders(module).unwrap_or_default().len();
    let count = kernel.refcount(module).ok().flatten();
    let Some(count) = count else {
        return Err(Refusal::new("this kernel cannot unload modules"));
    };
    let others = count.saturating_sub(i64::try_from(holders).unwrap_or(i64::MAX));
    if others > 0 {
        let what = if others == 1 {
            "something holds it that is not a module"
        } else {
            "some things hold it that are not modules"
        };
        let mut details = kernel.users(module);
        if details.is_empty() {
            details.push(format!(
                "references that are not held by modules: {others}; no open device, mount or network \
                 interface was found that uses it"
            ));
        }
        return Err(Refusal::new(format!("{module} is in use: {what}")).with_details(details));
    }
    // The kernel would let it go, and crash when the device is closed.
    let open = kernel.users_of_own_devices(module);
    if others == 0 && !open.is_empty() {
        let reason =
            format!("{module} is in use: a device of it is open, and the kernel does not count that");
        let remedy = "close it first; once the module is gone, whoever uses or closes the device brings the \
                      kernel down\nfile operations with .owner = THIS_MODULE are counted";
        return Err(Refusal::new(reason).with_details(open).with_remedy(remedy));
    }
    Ok(())
}

impl Dependent {
    /// A loaded module, with the file that it comes back from.
    ///
    /// # Errors
    /// No file of its build is found.
    pub fn of_loaded(name: &str, search: &FileSearch<'_>) -> Result<Self, Refusal> {
        let path = search.find(name).map_err(|why| {
            let remedy = format!("--with FILE names the file that {name} is loaded from again");
            Refusal::new(format!("{name} uses it and could not be loaded again: {why}")).with_remedy(remedy)
        })?;
        let file = read(&path).map_err(Refusal::new)?;
        let module = file.module().ok();
        let parameters = LoadedParameters::read(search.kernel, search.paths, name, module);
        let parameters = match module {
            Some(module) => parameters.given_to(module, Some(module)),
            None => parameters,
        };
        Ok(Self {
            name: name.to_owned(),
            version: Version { path, params: parameters.line(&[]) },
            lost: parameters.lost,
        })
    }
}
