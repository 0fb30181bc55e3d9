// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be told about a module and a kernel before, or after, the kernel has judged.

use std::collections::{BTreeMap, BTreeSet};

use libmodfmt::elf::{Binding, Place};
use libmodfmt::module::Module;
use libmodfmt::{compress, parameters, proc};
use libmodsys::Kernel;

use crate::IMAGE_LIMIT;

/// Symbols that the module needs and that the kernel does not have now. Empty if the kernel does not tell its symbols.
pub(crate) fn unresolved(module: &Module<'_>, kernel: &dyn Kernel) -> Vec<String> {
    let needed = |symbol: &&libmodfmt::elf::Symbol<'_>| {
        symbol.binding == Binding::Global && symbol.place == Place::Undefined && !symbol.name.is_empty()
    };
    let mut missing: BTreeSet<&[u8]> =
        module.object.symbols.iter().skip(1).filter(needed).map(|symbol| &*symbol.name).collect();
    let Ok(text) = kernel.kallsyms() else { return Vec::new() };
    if text.is_empty() {
        return Vec::new();
    }
    for symbol in proc::kallsyms(&text).filter_map(Result::ok) {
        missing.remove(symbol.name);
    }
    missing.into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// Which installed module exports each of these symbols, by the index of the running release.
pub(crate) fn providers(symbols: &[String], kernel: &dyn Kernel) -> BTreeMap<String, String> {
    let Ok(Some(index)) = kernel.symbol_index() else { return BTreeMap::new() };
    let index = String::from_utf8_lossy(&index).into_owned();
    let line = |line: &str| {
        let (symbol, module) = line.strip_prefix("alias symbol:")?.split_once(' ')?;
        symbols.iter().any(|wanted| wanted == symbol).then(|| (symbol.to_owned(), module.trim().to_owned()))
    };
    index.lines().filter_map(line).collect()
}

/// The version magic of the module and the one that the running kernel's own modules have, if they differ. Where symbols have versions the release,
/// which is the first word, does not count.
pub(crate) fn wrong_vermagic(module: &Module<'_>, kernel: &dyn Kernel) -> Option<(String, String)> {
    let own = module.modinfo().ok()?.vermagic()?.trim_end().to_owned();
    let wanted = sample_vermagic(kernel);
    let release = kernel.release().ok()?;
    let behind_release =
        |magic: &str| magic.split_once(' ').map_or(String::new(), |(_, rest)| rest.to_owned());
    let has_versions =
        module.object.section("__versions").is_some_and(|(_, section)| !section.data.is_empty());
    // An index or a sample may be missing; the release never is.
    let same = match &wanted {
        Some(wanted) if has_versions && wanted.split(' ').any(|word| word == "modversions") => {
            behind_release(wanted) == behind_release(&own)
        }
        Some(wanted) => *wanted == own,
        None => has_versions || own.split(' ').next() == Some(release.as_str()),
    };
    (!same).then(|| (own, wanted.unwrap_or(release)))
}

fn sample_vermagic(kernel: &dyn Kernel) -> Option<String> {
    let file = kernel.exporting_module().ok()??;
    let image = match compress::detect(&file.content) {
        Some(_) => compress::decompress(&file.content, IMAGE_LIMIT).ok()?,
        None => file.content,
    };
    let (image, _) = libmodfmt::signature::split(&image).ok()?;
    Some(Module::parse(image).ok()?.modinfo().ok()?.vermagic()?.trim_end().to_owned())
}

/// Names among the parameters that the module does not have. A module that names none of its own may still have some.
pub(crate) fn unknown_parameters(module: &Module<'_>, params: &[u8]) -> Vec<String> {
    let Ok(info) = module.modinfo() else { return Vec::new() };
    let known: BTreeSet<String> = info
        .all("parmtype")
        .chain(info.all("parm"))
        .filter_map(|text| text.split(|byte| *byte == b':').next())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .chain(parameters::names(&module.object))
        .map(|name| name.replace('-', "_"))
        .collect();
    let mut unknown = Vec::new();
    for word in words(params) {
        if word == b"--" {
            break;
        }
        let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).trim_start_matches('"').replace('-', "_");
        // The kernel itself knows these for every module.
        if !known.contains(&name) && !name.is_empty() && name != "dyndbg" && name != "async_probe" {
            unknown.push(name);
        }
    }
    unknown
}

/// The words of a parameter line, as the kernel parts them: at blanks outside of double quotes.
fn words(params: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut quoted = false;
    for byte in params {
        match byte {
            b' ' | b'\t' | b'\n' if !quoted => all.push(Vec::new()),
            _ => {
                quoted ^= *byte == b'"';
                if let Some(word) = all.last_mut() {
                    word.push(*byte);
                }
            }
        }
    }
    all.retain(|word| !word.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(b"a=1 b=\"x y\"  c"), [&b"a=1"[..], b"b=\"x y\"", b"c"]);
    }
}
