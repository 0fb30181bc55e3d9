// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters on the command line that the module does not have.

use std::collections::BTreeSet;

use libmodfmt::module::Module;
use libmodfmt::parameters;

/// Names that the kernel itself knows for every module.
const BUILT_IN: [&str; 2] = ["dyndbg", "async_probe"];

/// Names in a parameter line that are not among the module's parameters, with `_` for `-`.
pub(super) fn unknown(module: &Module<'_>, params: &[u8]) -> Vec<String> {
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
    // The kernel reads no further than "--".
    let given = split(params).into_iter().take_while(|word| word != b"--").map(|word| name_of(&word));
    given
        .filter(|name| !name.is_empty() && !known.contains(name) && !BUILT_IN.contains(&name.as_str()))
        .collect()
}

fn name_of(word: &[u8]) -> String {
    let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
    String::from_utf8_lossy(name).trim_start_matches('"').replace('-', "_")
}

/// Splits a parameter line as the kernel does: at blanks outside of double quotes.
fn split(params: &[u8]) -> Vec<Vec<u8>> {
    let mut words = vec![Vec::new()];
    let mut is_quoted = false;
    for byte in params {
        match byte {
            b' ' | b'\t' | b'\n' if !is_quoted => words.push(Vec::new()),
            _ => {
                is_quoted ^= *byte == b'"';
                if let Some(word) = words.last_mut() {
                    word.push(*byte);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split(b"a=1 b=\"x y\"  c"), [&b"a=1"[..], b"b=\"x y\"", b"c"]);
    }
}
