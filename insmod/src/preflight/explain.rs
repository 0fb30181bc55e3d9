// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--explain`: what an error number most likely means for this module on this kernel.

use std::borrow::Cow;

use libmodfmt::file::FileError;
use libmodfmt::module::Module;
use libmodsys::{Errno, Kernel, Lockdown};
use modcli::Output;
use modkeep::LoadRestriction;

use super::{symbols, vermagic};
use crate::{InputError, ModuleInput};

/// Writes lines under the error.
pub(crate) fn explain(module: &ModuleInput, errno: Errno, kernel: &dyn Kernel, output: &mut Output) {
    for line in lines(module, errno, kernel) {
        output.error(format_args!("  {line}"));
    }
}

fn lines(module: &ModuleInput, errno: Errno, kernel: &dyn Kernel) -> Vec<String> {
    match errno {
        Errno::EPERM => return not_permitted(module, kernel),
        Errno::EKEYREJECTED => return vec![rejected_key(module, kernel)],
        Errno::ESPIPE => {
            return vec!["it is a pipe; a module is read more than once, so it has to be a file".to_owned()];
        }
        _ => {}
    }
    let module = match module.module() {
        Ok(module) => module,
        Err(InputError::Content { source: FileError::Signature { .. } }) => {
            return vec!["the signature at the end of the file is damaged".to_owned()];
        }
        Err(error) => return vec![error.to_string()],
    };
    match errno {
        Errno::ENOENT => unknown_symbols(module, kernel),
        Errno::EEXIST => exists(&module.name, kernel).into_iter().collect(),
        _ => vermagic::mismatch(module, kernel)
            .map(|mismatch| {
                format!("the module is built for '{}', this kernel is '{}'", mismatch.module, mismatch.kernel)
            })
            .into_iter()
            .collect(),
    }
}

/// Nothing if sysfs is not mounted: both are possible then.
fn exists(name: &str, kernel: &dyn Kernel) -> Option<String> {
    match kernel.init_state(name) {
        Ok(Some(_)) => Some(format!("a module named {name} is already loaded")),
        _ if !kernel.shows_modules() => None,
        _ => Some(format!("no module named {name} is loaded: its init function returned this error")),
    }
}

fn unknown_symbols(module: &Module<'_>, kernel: &dyn Kernel) -> Vec<String> {
    let missing = symbols::unresolved(module, kernel);
    let exporters = symbols::exporters(&missing, kernel);
    let line = |symbol: &String| match exporters.get(symbol) {
        Some(module) => format!("symbol {symbol} is exported by module {module}, which is not loaded"),
        None => format!("symbol {symbol} is not exported by any installed module"),
    };
    let mut lines: Vec<String> = missing.iter().map(line).collect();
    let depends: Vec<String> =
        module.modinfo().map_or(Vec::new(), |info| info.depends().into_iter().map(Cow::into_owned).collect());
    let is_absent = |name: &String| matches!(kernel.init_state(&name.replace('-', "_")), Ok(None));
    let absent: Vec<String> = depends.into_iter().filter(is_absent).collect();
    if !absent.is_empty() {
        lines.push(format!("it depends on modules that are not loaded: {}", absent.join(", ")));
    }
    lines
}

fn not_permitted(module: &ModuleInput, kernel: &dyn Kernel) -> Vec<String> {
    // A file that cannot be read has been refused for that.
    let is_signed = module.is_signed().unwrap_or(true);
    let restriction = LoadRestriction::of(kernel, is_signed);
    if restriction != Some(LoadRestriction::ModulesDisabled) && kernel.load_permission().is_err() {
        return vec!["only root, or a process with CAP_SYS_MODULE, may load modules".to_owned()];
    }
    if let Some(restriction) = restriction {
        return vec![restriction.to_string()];
    }
    match kernel.lockdown() {
        Ok(Some(Lockdown::Integrity | Lockdown::Confidentiality)) => {
            vec!["the kernel is locked down, and has no key for the module's signature".to_owned()]
        }
        Ok(Some(Lockdown::None)) => vec!["a security module of this kernel may have refused it".to_owned()],
        Ok(None) | Err(_) => vec![
            "the kernel may be locked down, which cannot be seen: securityfs is not mounted on \
             /sys/kernel/security"
                .to_owned(),
        ],
    }
}

/// Where only signed modules are loaded, the kernel says this of every file whose signature it cannot check.
fn rejected_key(module: &ModuleInput, kernel: &dyn Kernel) -> String {
    match LoadRestriction::of(kernel, module.is_signed().unwrap_or(true)) {
        Some(restriction) => restriction.to_string(),
        None => "its signature is wrong, or the kernel has no key for it".to_owned(),
    }
}
