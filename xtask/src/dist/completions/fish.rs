// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completions for fish.

use clap::Command;

use super::{Choice, Kind, choices, operands};

/// Module files and folders, as fish completes them.
const MODULE_FILES: &str = "(__fish_complete_path (commandline -ct) | string match -r '.*(?:/|\\.ko(?:\\.gz|\\.xz|\\.zst)?)(?:\\t.*)?$')";
const FILES: &str = "(__fish_complete_path (commandline -ct))";
/// Whether a module file is on the command line, and which one.
const NAMED: &str = "commandline -opc | string match -qr '\\.ko(\\.gz|\\.xz|\\.zst)?$'";
const PARAMETERS: &str = "(modinfo -F parm (commandline -opc | string match -r '.*\\.ko(?:\\.gz|\\.xz|\\.zst)?$')[1] 2>/dev/null | string replace -r ':.*' '=')";
const MODULES: &str = "(test -r /proc/modules; and string replace -r ' .*' '' < /proc/modules)";
const OWNERS: &str = "(path basename /sys/module/*__persist | string replace -r '__persist$' '')";

/// The script.
pub(super) fn script(command: &Command) -> String {
    let name = command.get_name();
    let mut text = format!("# SPDX-License-Identifier: MIT OR Apache-2.0\ncomplete -c {name} -f\n");
    let subs: Vec<&Command> = command.get_subcommands().collect();
    if subs.is_empty() {
        part(name, command, None, &mut text);
        return text;
    }
    let first = "__fish_use_subcommand";
    for sub in &subs {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!(
            "complete -c {name} -n {first} -a {} -d {}\n",
            sub.get_name(),
            quoted(&about)
        ));
    }
    part(name, command, Some(first), &mut text);
    for sub in &subs {
        let given = format!("__fish_seen_subcommand_from {}", sub.get_name());
        part(name, sub, Some(&given), &mut text);
    }
    text
}

fn part(name: &str, command: &Command, condition: Option<&str>, text: &mut String) {
    let head = |more: Option<&str>| {
        let both: Vec<&str> = condition.into_iter().chain(more).collect();
        match both.as_slice() {
            [] => format!("complete -c {name}"),
            all => format!("complete -c {name} -n {}", quoted(&all.join("; and "))),
        }
    };
    for choice in choices(command) {
        text.push_str(&format!("{}{} -d {}\n", head(None), option(&choice), quoted(&choice.help)));
    }
    let operands = operands(command);
    let has_parameters = operands.contains(&Kind::Parameter);
    for kind in &operands {
        let not_named = format!("not {NAMED}");
        let more = match kind {
            Kind::Parameter => Some(NAMED),
            Kind::ModuleFile if has_parameters => Some(not_named.as_str()),
            _ => None,
        };
        if let Some(words) = words(kind) {
            text.push_str(&format!("{} -a {}\n", head(more), quoted(&words)));
        }
    }
}

fn option(choice: &Choice) -> String {
    let mut text = String::new();
    if let Some(short) = choice.short {
        text.push_str(&format!(" -s {short}"));
    }
    if let Some(long) = &choice.long {
        text.push_str(&format!(" -l {long}"));
    }
    if let Some(kind) = choice.value.as_ref().filter(|_| !choice.optional) {
        text.push_str(" -x");
        if let Some(words) = words(kind) {
            text.push_str(&format!(" -a {}", quoted(&words)));
        }
    }
    text
}

fn words(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::ModuleFile => MODULE_FILES.to_owned(),
        Kind::Parameter => PARAMETERS.to_owned(),
        Kind::Module => MODULES.to_owned(),
        Kind::Owner => OWNERS.to_owned(),
        Kind::File => FILES.to_owned(),
        Kind::Words(words) => words.join(" "),
        Kind::Text => return None,
    })
}

/// Quotes text for fish, which knows two escapes in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
