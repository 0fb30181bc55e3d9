// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--explain`: what keeps a module from being removed.

use libmodsys::{InitState, Kernel};
use modcli::Output;

/// Writes lines under the error.
pub(crate) fn explain(name: &str, kernel: &dyn Kernel, output: &mut Output) {
    for line in lines(name, kernel) {
        output.error(format_args!("  {line}"));
    }
}

fn lines(name: &str, kernel: &dyn Kernel) -> Vec<String> {
    match kernel.init_state(name) {
        Ok(Some(InitState::Coming)) => return vec!["its init function has not returned".to_owned()],
        Ok(Some(InitState::Going)) => return vec!["it is being removed".to_owned()],
        Ok(Some(_)) => {}
        Ok(None) if !kernel.shows_modules() => {
            return vec![
                "/sys/module is not there, which tells what is loaded (is sysfs mounted?)".to_owned(),
            ];
        }
        _ => return Vec::new(),
    }
    if matches!(kernel.modules_disabled(), Ok(Some(true))) {
        let line = "removing modules is disabled until the next boot (kernel.modules_disabled)";
        return vec![line.to_owned()];
    }
    let holders = kernel.holders(name).unwrap_or_default();
    let mut lines: Vec<String> = holders.iter().map(|holder| format!("module {holder} uses it")).collect();
    lines.extend(kernel.users(name));
    let count = kernel.refcount(name).ok().flatten().unwrap_or(0);
    let by_modules = i64::try_from(holders.len()).unwrap_or(i64::MAX);
    if lines.is_empty() && count > 0 {
        lines.push(format!(
            "its reference count is {count}, but no module, open device, mount or network interface was found \
             that uses it"
        ));
    } else if count > by_modules && lines.len() == holders.len() {
        lines.push(format!("references that are not held by modules: {}", count - by_modules));
    }
    if lines.is_empty() {
        lines.push("it may have no exit function; then it stays until the next boot".to_owned());
    }
    lines
}
