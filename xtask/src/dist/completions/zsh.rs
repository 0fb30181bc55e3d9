// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completions for zsh, by its function `_arguments`.

use clap::Command;

use super::{Choice, Kind, choices, operands, quoted};

const PARAMETERS: &str = r#"(( $+functions[_modpersist_parameters] )) || _modpersist_parameters() {
	local file=${${(M)words:#*.ko(|.gz|.xz|.zst)}[1]}
	local -a names
	[[ -n $file ]] && names=(${(f)"$(modinfo -F parm ${~file} 2>/dev/null)"})
	names=(${names%%:*})
	compadd -S = -a names
}
"#;

const MODULES: &str = r#"(( $+functions[_modpersist_modules] )) || _modpersist_modules() {
	local -a names
	[[ -r /proc/modules ]] && names=(${${(f)"$(</proc/modules)"}%% *})
	compadd -a names
}
"#;

const OWNERS: &str = r#"(( $+functions[_modpersist_owners] )) || _modpersist_owners() {
	local -a names
	names=(/sys/module/*__persist(N:t))
	names=(${names%__persist})
	compadd -a names
}
"#;

/// The script.
pub(super) fn script(command: &Command) -> String {
    let name = command.get_name();
    let mut text = format!("#compdef {name}\n# SPDX-License-Identifier: MIT OR Apache-2.0\n\n");
    for helper in [PARAMETERS, MODULES, OWNERS] {
        let function = helper.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
        if uses(command, function) || command.get_subcommands().any(|sub| uses(sub, function)) {
            text.push_str(helper);
            text.push('\n');
        }
    }
    text.push_str(&format!("_{name}() {{\n"));
    let subs: Vec<&Command> = command.get_subcommands().collect();
    if subs.is_empty() {
        text.push_str(&format!("\t_arguments -s -S {}\n", specs(command, "\t")));
    } else {
        text.push_str("\tlocal line state\n\tlocal -a commands\n\tcommands=(\n");
        for sub in &subs {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!(
                "\t\t{}\n",
                quoted(&format!("{}:{}", sub.get_name(), about.replace(':', "\\:")))
            ));
        }
        text.push_str("\t)\n");
        text.push_str(&format!(
            "\t_arguments -C {}{}\n",
            specs(command, "\t"),
            " \\\n\t\t'1: :->command' \\\n\t\t'*:: :->operands'"
        ));
        text.push_str(
            "\tcase $state in\n\tcommand) _describe command commands ;;\n\toperands)\n\t\tcase $line[1] in\n",
        );
        for sub in &subs {
            text.push_str(&format!(
                "\t\t{})\n\t\t\t_arguments -s -S {}\n\t\t\t;;\n",
                sub.get_name(),
                specs(sub, "\t\t\t")
            ));
        }
        text.push_str("\t\tesac\n\t\t;;\n\tesac\n");
    }
    text.push_str(&format!("}}\n\n_{name} \"$@\"\n"));
    text
}

fn uses(command: &Command, function: &str) -> bool {
    specs(command, "").contains(function)
}

/// The arguments of `_arguments`.
fn specs(command: &Command, indent: &str) -> String {
    let mut all: Vec<String> = choices(command).iter().map(option).collect();
    let operands = operands(command);
    let many = command
        .get_positionals()
        .last()
        .is_some_and(|arg| arg.get_num_args().is_some_and(|count| count.max_values() > 1));
    for (index, kind) in operands.iter().enumerate() {
        let place =
            if many && index + 1 == operands.len() { "*".to_owned() } else { (index + 1).to_string() };
        all.push(quoted(&format!("{place}:{}", action(kind))));
    }
    let line = |spec: &String| format!("\\\n{indent}\t{spec}");
    all.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn option(choice: &Choice) -> String {
    let help: String = choice
        .help
        .chars()
        .flat_map(|letter| match letter {
            '[' | ']' | ':' | '\\' => vec!['\\', letter],
            other => vec![other],
        })
        .collect();
    let value = choice.value.as_ref().map(|kind| {
        let optional = if choice.optional { ":" } else { "" };
        format!("{optional}:{}", action(kind))
    });
    // --wait=-: the value is in the same word; --keep=: in the same or in the next.
    let sign = match (&choice.value, choice.optional) {
        (None, _) => "",
        (Some(_), true) => "=-",
        (Some(_), false) => "=",
    };
    let tail = format!("[{help}]{}", value.unwrap_or_default());
    let star = if choice.repeats { "*" } else { "" };
    match (choice.short, &choice.long) {
        (Some(short), Some(long)) => {
            let plus = if choice.value.is_some() { "+" } else { "" };
            let head = if choice.repeats { "'*'".to_owned() } else { format!("'(-{short} --{long})'") };
            format!("{head}{{-{short}{plus},--{long}{sign}}}{}", quoted(&tail))
        }
        (None, Some(long)) => quoted(&format!("{star}--{long}{sign}{tail}")),
        (Some(short), None) => quoted(&format!("{star}-{short}{tail}")),
        (None, None) => String::new(),
    }
}

/// The placeholder of a value, and how it is completed.
fn action(kind: &Kind) -> String {
    match kind {
        Kind::ModuleFile => "module file:_files -g \"*.ko(|.gz|.xz|.zst)(-.)\"".to_owned(),
        Kind::Parameter => "parameter:_modpersist_parameters".to_owned(),
        Kind::Module => "module:_modpersist_modules".to_owned(),
        Kind::Owner => "module:_modpersist_owners".to_owned(),
        Kind::File => "file:_files".to_owned(),
        Kind::Words(words) => format!("word:({})", words.join(" ")),
        Kind::Text => "value: ".to_owned(),
    }
}
