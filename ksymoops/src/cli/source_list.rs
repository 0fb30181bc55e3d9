// SPDX-License-Identifier: MIT OR Apache-2.0
//! `-d`: where symbols and lines are read from.

use std::path::Path;

use libksym::{FileSearch, Sources};
use modcli::os_text;

/// One line for each kind of source: `vmlinux: searched in the usual places`, `System.map: /boot/System.map`.
pub(super) fn lines(sources: &Sources) -> Vec<String> {
    let discover = &sources.discover;
    let kernel: Vec<&Path> = sources.vmlinux.as_deref().into_iter().collect();
    let system_map: Vec<&Path> = sources.system_map.as_deref().into_iter().collect();
    let modules: Vec<&Path> = sources.modules.iter().map(AsRef::as_ref).collect();
    let kallsyms = sources.kallsyms.as_deref().map_or_else(|| "none".to_owned(), os_text);
    let loaded = match &sources.modules_text {
        Some(text) => format!("{} bytes", text.len()),
        None => "none".to_owned(),
    };
    vec![
        line("vmlinux", &kernel, discover.kernel),
        line("System.map", &system_map, discover.system_map),
        format!("kallsyms or ksyms: {kallsyms}"),
        format!("/proc/modules: {loaded}"),
        line("module files", &modules, discover.modules),
    ]
}

fn line(what: &str, named: &[&Path], search: FileSearch) -> String {
    let mut places: Vec<String> = named.iter().map(os_text).collect();
    if places.is_empty() && search == FileSearch::Usual {
        places.push("searched in the usual places".to_owned());
    }
    let places = if places.is_empty() { "none".to_owned() } else { places.join(", ") };
    format!("{what}: {places}")
}
