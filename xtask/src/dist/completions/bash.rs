// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completions for bash. The package bash-completion loads the script but is not needed to run it.

use std::fmt::Write;

use clap::Command;

use super::{Choice, Kind, choices, operands};

/// The beginning of every script. bash splits words at `=`, so `=` is a word of its own.
const HEAD: &str = r#"_modpersist_@() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} value= word path
	if [[ $cur == "=" ]]; then
		cur= value=yes
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]} value=yes
	fi
	COMPREPLY=()
"#;

const MODULE_FILES: &str = r#"compopt -o filenames 2>/dev/null
while IFS= read -r path; do
	case $path in
	*.ko | *.ko.gz | *.ko.xz | *.ko.zst) COMPREPLY+=("$path") ;;
	*) [[ ! -d ${path/#\~/$HOME} ]] || COMPREPLY+=("$path") ;;
	esac
done < <(compgen -f -- "$cur" | sort)
"#;

const FILES: &str = r#"compopt -o filenames 2>/dev/null
while IFS= read -r path; do
	COMPREPLY+=("$path")
done < <(compgen -f -- "$cur" | sort)
"#;

const PARAMETERS: &str = r#"compopt -o nospace 2>/dev/null
while IFS=: read -r word _; do
	[[ $word != "$cur"* ]] || COMPREPLY+=("$word=")
done < <(modinfo -F parm "${file/#\~/$HOME}" 2>/dev/null)
"#;

const MODULES: &str = r#"while read -r word _; do
	[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
done < <(cat /proc/modules 2>/dev/null)
"#;

const OWNERS: &str = r#"for path in /sys/module/*__persist; do
	[[ -d $path ]] || continue
	word=${path##*/} word=${word%__persist}
	[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
done
"#;

/// The script.
pub(super) fn script(command: &Command) -> String {
    let name = command.get_name();
    let mut text = format!("# SPDX-License-Identifier: MIT OR Apache-2.0\n# bash completion for {name}\n\n");
    text.push_str(&HEAD.replace('@', name));
    let subs: Vec<&Command> = command.get_subcommands().collect();
    if subs.is_empty() {
        body(command, 1, &mut text);
    } else {
        let names: Vec<&str> = subs.iter().map(|sub| sub.get_name()).collect();
        text.push_str("\tif ((COMP_CWORD > 1)); then\n\t\tcase ${COMP_WORDS[1]} in\n");
        for sub in &subs {
            text.push_str(&format!("\t\t{})\n", sub.get_name()));
            body(sub, 3, &mut text);
            text.push_str("\t\t\t;;\n");
        }
        text.push_str("\t\tesac\n\t\treturn\n\tfi\n");
        let options = spelled(&choices(command));
        words(&format!("{} {options}", names.join(" ")), 1, &mut text);
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "}}\n\ncomplete -F _modpersist_{name} {name}\n");
    text
}

fn body(command: &Command, depth: usize, text: &mut String) {
    let choices = choices(command);
    let valued: Vec<&Choice> =
        choices.iter().filter(|choice| choice.value.is_some() && !choice.optional).collect();
    if !valued.is_empty() {
        indented("case $prev in\n", depth, text);
        for choice in valued {
            indented(&format!("{})\n", choice.spellings().join(" | ")), depth, text);
            kind(choice.value.as_ref().unwrap_or(&Kind::Text), depth + 1, text);
            indented("\treturn\n\t;;\n", depth, text);
        }
        indented("esac\n", depth, text);
    }
    indented("[[ -z $value ]] || return\nif [[ $cur == -* ]]; then\n", depth, text);
    words(&spelled(&choices), depth + 1, text);
    indented("\treturn\nfi\n", depth, text);
    let operands = operands(command);
    if operands.contains(&Kind::Parameter) {
        let find = "local file=\nfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\tcase $word in\n\t-*) ;;\n\
                    \t*.ko | *.ko.gz | *.ko.xz | *.ko.zst)\n\t\tfile=$word\n\t\tbreak\n\t\t;;\n\tesac\ndone\n\
                    if [[ -n $file ]]; then\n";
        indented(find, depth, text);
        kind(&Kind::Parameter, depth + 1, text);
        indented("\treturn\nfi\n", depth, text);
    }
    if let Some(first) = operands.first() {
        kind(first, depth, text);
    }
}

fn kind(kind: &Kind, depth: usize, text: &mut String) {
    match kind {
        Kind::ModuleFile => indented(MODULE_FILES, depth, text),
        Kind::Parameter => indented(PARAMETERS, depth, text),
        Kind::Module => indented(MODULES, depth, text),
        Kind::Owner => indented(OWNERS, depth, text),
        Kind::File => indented(FILES, depth, text),
        Kind::Words(list) => words(&list.join(" "), depth, text),
        Kind::Text => {}
    }
}

/// A list of words without blanks: options, or names of subcommands.
fn words(list: &str, depth: usize, text: &mut String) {
    let line = format!(
        "while IFS= read -r word; do\n\tCOMPREPLY+=(\"$word\")\ndone < <(compgen -W {} -- \"$cur\")\n",
        super::quoted(list.trim())
    );
    indented(&line, depth, text);
}

fn spelled(choices: &[Choice]) -> String {
    choices.iter().flat_map(Choice::spellings).collect::<Vec<_>>().join(" ")
}

fn indented(lines: &str, depth: usize, text: &mut String) {
    for line in lines.lines() {
        text.push_str(&"\t".repeat(depth));
        text.push_str(line);
        text.push('\n');
    }
}
