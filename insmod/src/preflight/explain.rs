// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--explain`: what an error number most likely means for this module on this kernel.

use std::borrow::Cow;

use libmodfmt::file::FileError;
use libmodfmt::module::Module;
use libmodsys::{Errno, Kernel, Lockdown};
use modcli::Output;

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
        Errno::EPERM => return not_permitted(kernel),
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
        Errno::EEXIST => vec![exists(&module.name, kernel)],
        _ => vermagic::mismatch(module, kernel)
            .map(|mismatch| {
                format!("the module is built for '{}', this kernel is '{}'", mismatch.module, mismatch.kernel)
            })
            .into_iter()
            .collect(),
    }
}

fn exists(name: &str, kernel: &dyn Kernel) -> String {
    match kernel.init_state(name) {
        Ok(Some(_)) => format!("a module named {name} is already loaded"),
        _ => format!("no module named {name} is loaded: its init function returned this error"),
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

fn not_permitted(kernel: &dyn Kernel) -> Vec<String> {
    let mut lines = Vec::new();
    if matches!(kernel.modules_disabled(), Ok(Some(true))) {
        lines.push("module loading is disabled until the next boot (kernel.modules_disabled)".to_owned());
    }
    if matches!(kernel.lockdown(), Ok(Some(Lockdown::Integrity | Lockdown::Confidentiality))) {
        lines.push("the kernel is locked down and loads only signed modules".to_owned());
    }
    if matches!(kernel.sig_enforce(), Ok(Some(true))) {
        lines.push("the kernel loads only signed modules (module.sig_enforce)".to_owned());
    }
    if lines.is_empty() {
        lines.push("only root, or a process with CAP_SYS_MODULE, may load modules".to_owned());
    }
    lines
}
