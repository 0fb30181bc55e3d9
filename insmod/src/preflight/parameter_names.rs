// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters on the command line that the module does not have.

use std::collections::BTreeSet;

use libmodfmt::module::Module;
use libmodfmt::parameters;

use crate::params::ParameterWord;

/// Names that the kernel itself knows for every module.
const BUILT_IN: [&str; 2] = ["dyndbg", "async_probe"];

/// Names in a parameter line that are not among the module's parameters, with `_` for `-`.
pub(crate) fn unknown(module: &Module<'_>, params: &[u8]) -> Vec<String> {
    let Ok(info) = module.modinfo() else { return Vec::new() };
    let known: BTreeSet<String> = info
        .all("parmtype")
        .chain(info.all("parm"))
        .filter_map(|text| text.split(|byte| *byte == b':').next())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        // Those of module_param_cb() are not in .modinfo.
        .chain(parameters::names(&module.object))
        .map(|name| name.replace('-', "_"))
        .collect();
    let given = ParameterWord::all(params).into_iter().map(|word| word.name);
    given
        .filter(|name| !name.is_empty() && !known.contains(name) && !BUILT_IN.contains(&name.as_str()))
        .collect()
}
