// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--explain`: what an error number most likely means here.

use libmodfmt::module::Module;
use libmodfmt::signature;
use libmodsys::{Errno, Kernel, Lockdown};
use modcli::Output;

use crate::{ModuleInput, facts};

/// Lines under the error.
pub(crate) fn explain(module: &ModuleInput, errno: Errno, kernel: &dyn Kernel, output: &mut Output) {
    for line in lines(module, errno, kernel) {
        output.error(format_args!("  {line}"));
    }
}

fn lines(module: &ModuleInput, errno: Errno, kernel: &dyn Kernel) -> Vec<String> {
    match errno {
        Errno::EPERM => return permission(kernel),
        Errno::ESPIPE => return vec!["a module is read more than once: it has to be a file".to_owned()],
        _ => {}
    }
    let image = match module.image() {
        Ok(image) => image,
        Err(error) => return vec![error.to_string()],
    };
    let parsed = signature::split(image).ok().map(|(bytes, _)| Module::parse(bytes));
    let module = match parsed {
        Some(Ok(module)) => module,
        Some(Err(error)) => return vec![error.to_string()],
        None => return vec!["the signature at the end of the file is damaged".to_owned()],
    };
    match errno {
        Errno::ENOENT => symbols(&module, kernel),
        Errno::EEXIST => {
            let name = &module.name;
            match kernel.init_state(name) {
                Ok(Some(_)) => vec![format!("a module named {name} is loaded already")],
                _ => vec![format!(
                    "no module named {name} is loaded: its init function failed with this number"
                )],
            }
        }
        _ => facts::wrong_vermagic(&module, kernel)
            .map(|(own, wanted)| format!("the module is for '{own}', this kernel is '{wanted}'"))
            .into_iter()
            .collect(),
    }
}

fn symbols(module: &Module<'_>, kernel: &dyn Kernel) -> Vec<String> {
    let missing = facts::unresolved(module, kernel);
    let providers = facts::providers(&missing, kernel);
    let line = |symbol: &String| match providers.get(symbol) {
        Some(module) => format!("symbol {symbol} is exported by module {module}, which is not loaded"),
        None => format!("symbol {symbol} is exported by no installed module"),
    };
    let mut lines: Vec<String> = missing.iter().map(line).collect();
    let depends = module
        .modinfo()
        .map_or(Vec::new(), |info| info.depends().into_iter().map(std::borrow::Cow::into_owned).collect());
    let absent = |name: &String| matches!(kernel.init_state(&name.replace('-', "_")), Ok(None));
    let absent: Vec<String> = depends.into_iter().filter(absent).collect();
    if !absent.is_empty() {
        lines.push(format!("it needs {}, not loaded", absent.join(", ")));
    }
    lines
}

fn permission(kernel: &dyn Kernel) -> Vec<String> {
    let mut lines = Vec::new();
    if matches!(kernel.modules_disabled(), Ok(Some(true))) {
        lines.push("loading was switched off until reboot (kernel.modules_disabled)".to_owned());
    }
    if matches!(kernel.lockdown(), Ok(Some(Lockdown::Integrity | Lockdown::Confidentiality))) {
        lines.push("the kernel is locked down: only signed modules are loaded".to_owned());
    }
    if matches!(kernel.sig_enforce(), Ok(Some(true))) {
        lines.push("only signed modules are loaded (module.sig_enforce)".to_owned());
    }
    if lines.is_empty() {
        lines.push("loading takes root, or the capability CAP_SYS_MODULE".to_owned());
    }
    lines
}
