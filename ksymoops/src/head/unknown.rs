// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is unknown, and what to do about it.

use std::collections::BTreeSet;

use libksym::Unresolved;
use liboops::report::Report;
use modcli::os_text;

use super::{Fact, Searched, package};
use crate::decode::{Annotation, AnnotationKind};

/// So many modules are named.
const MAX_MODULES: usize = 8;

pub(super) fn facts(report: &Report, annotations: &[&Annotation], searched: &Searched) -> Vec<Fact> {
    let mut modules = BTreeSet::new();
    let mut owners = BTreeSet::new();
    let mut texts: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !texts.contains(&text) {
            texts.push(text);
        }
    };
    for annotation in annotations {
        match &annotation.kind {
            AnnotationKind::Code { answer, .. } => match &answer.unresolved {
                Some(Unresolved::NoModule { module }) if answer.candidates.is_empty() => {
                    modules.insert(module.as_str());
                }
                Some(why) => add(remedy(why, report, searched)),
                None => {}
            },
            AnnotationKind::Persistent { address, .. } if address.path.is_none() && address.is_inside() => {
                owners.insert(address.owner.as_str());
            }
            _ => {}
        }
    }
    for owner in owners.difference(&modules) {
        add(format!("fields of {owner}: name its file, with debug information, with -o PATH"));
    }
    let (outside, inside): (BTreeSet<&str>, _) =
        modules.into_iter().partition(|name| is_out_of_tree(report, name));
    let package = package_of(report).map(|package| format!("install {package}, or ")).unwrap_or_default();
    for (modules, package) in [(inside, package), (outside, String::new())] {
        if !modules.is_empty() {
            add(format!("{}: {package}-o PATH; {}", names(&modules), searched.modules(release(report))));
        }
    }
    texts.into_iter().filter(|text| !text.is_empty()).map(Fact::new).collect()
}

/// Whether a module is no distribution's: `meter(OE)`.
fn is_out_of_tree(report: &Report, name: &str) -> bool {
    let modules = report.context.modules.iter().flatten();
    modules
        .filter(|module| module.name.replace('-', "_") == name.replace('-', "_"))
        .any(|it| it.flags.contains('O'))
}

/// `the files of modules a, b`
fn names(modules: &BTreeSet<&str>) -> String {
    let mut names: Vec<String> = modules.iter().take(MAX_MODULES).map(|&name| name.to_owned()).collect();
    if let Some(more) = modules.len().checked_sub(MAX_MODULES).filter(|&more| more > 0) {
        names.push(format!("{more} more"));
    }
    let what = if modules.len() == 1 { "the file of module" } else { "the files of modules" };
    format!("{what} {}", names.join(", "))
}

fn release(report: &Report) -> Option<&str> {
    let context = &report.context;
    let of_banner = || context.banner.as_deref()?.split_whitespace().nth(2);
    context.release.as_ref().map(|release| release.value.as_str()).or_else(of_banner)
}

fn package_of(report: &Report) -> Option<String> {
    let context = &report.context;
    let version = [&context.version, &context.banner].into_iter().flatten();
    let version = version.map(String::as_str).collect::<Vec<_>>().join(" ");
    package::of_kernel(release(report)?, &version)
}

/// How to get the file with the kernel's debug information.
fn kernel_file(report: &Report, searched: &Searched) -> String {
    let release = release(report);
    let server = match (searched.has_servers, report.context.build_id.is_some()) {
        (true, true) => "; no server of DEBUGINFOD_URLS has it",
        (true, false) => "; the log has no build id to ask a server for",
        (false, _) => "",
    };
    let looked = searched.kernel(release);
    match package_of(report) {
        Some(package) => format!("install {package}, or -v FILE; {looked}{server}"),
        None => format!("name the vmlinux of this build with -v FILE; {looked}{server}"),
    }
}

fn remedy(why: &Unresolved, report: &Report, searched: &Searched) -> String {
    match why {
        Unresolved::NoKernel => format!("symbols of the kernel: {}", kernel_file(report, searched)),
        Unresolved::NoKaslrOffset => {
            "how far the kernel was moved (KASLR): --kaslr-offset HEX, or -k with a copy of \
                                      that boot's /proc/kallsyms"
                .to_owned()
        }
        Unresolved::NoDebugInfo { file } => {
            let is_module = os_text(file).contains(".ko");
            let what = format!("lines: no debug information in {}", os_text(file));
            if is_module {
                format!("{what}: name the module's file as it was built, before strip, with -o PATH")
            } else {
                format!("{what}: {}", kernel_file(report, searched))
            }
        }
        Unresolved::SizeMismatch { file, .. } | Unresolved::OffsetOutside { file, .. } => {
            format!("{} is of another build than the log: name the right one", os_text(file))
        }
        Unresolved::NoSymbol { file, .. } => {
            format!("some functions are not in {}: another build, or a module's", os_text(file))
        }
        Unresolved::Damaged { file, error } => format!("lines: {}: {error}", os_text(file)),
        _ => String::new(),
    }
}
