// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--explain`: who holds a module that cannot be removed.

use libmodsys::{InitState, Kernel};
use modcli::Output;

/// Lines under the error.
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
        _ => return Vec::new(),
    }
    if matches!(kernel.modules_disabled(), Ok(Some(true))) {
        return vec!["removing was switched off until reboot (kernel.modules_disabled)".to_owned()];
    }
    let holders = kernel.holders(name).unwrap_or_default();
    let mut lines: Vec<String> = holders.iter().map(|holder| format!("module {holder} uses it")).collect();
    lines.extend(kernel.users(name));
    let count = kernel.refcount(name).ok().flatten().unwrap_or(0);
    let known = i64::try_from(holders.len()).unwrap_or(i64::MAX);
    if lines.is_empty() && count > 0 {
        lines.push(format!(
            "{count} references by no module, and no open device, mount or interface was found that has them"
        ));
    } else if count > known && lines.len() == holders.len() {
        lines.push(format!("and {} references that are no modules'", count - known));
    }
    if lines.is_empty() {
        lines.push("it may have no exit function: then only a reboot removes it".to_owned());
    }
    lines
}
