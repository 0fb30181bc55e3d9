// SPDX-License-Identifier: MIT OR Apache-2.0
//! The generated part of a manual page, from a program's clap definition: name, synopsis, description,
//! options.

use clap::{Arg, ArgAction, Command};

use super::release::{DATE, VERSION};

/// Everything that comes before the sections in `packaging/man/NAME.roff`.
pub fn head(command: &Command) -> String {
    let mut command = command.clone().disable_help_subcommand(true);
    // clap adds --help and --version here.
    command.build();
    let name = command.get_name();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let (short, long) = about.split_once("\n\n").unwrap_or((&about, &about));
    let short = short.trim_end_matches('.');
    let mut text = format!(
        ".\\\" SPDX-License-Identifier: MIT OR Apache-2.0\n.TH {} 8 {DATE} \"modpersist {VERSION}\" \"System Administration\"\n",
        name.to_uppercase()
    );
    text.push_str(&format!(".SH NAME\n{name} \\- {}\n", escaped(&lower_first(short))));
    text.push_str(".SH SYNOPSIS\n");
    let subs: Vec<&Command> = command.get_subcommands().collect();
    match usage(&command) {
        Some(usage) => text.push_str(&synopsis(&usage)),
        None => {
            let lines = subs.iter().map(|sub| synopsis(&sub_usage(name, sub)));
            text.push_str(&lines.collect::<Vec<_>>().join(".br\n"));
        }
    }
    text.push_str(".SH DESCRIPTION\n");
    for (index, paragraph) in long.split("\n\n").enumerate() {
        if index > 0 {
            text.push_str(".PP\n");
        }
        let end = if paragraph.ends_with('.') { "" } else { "." };
        text.push_str(&sentences(&format!("{paragraph}{end}")));
    }
    for sub in &subs {
        let usage = sub_usage(name, sub);
        let usage = usage.strip_prefix(name).unwrap_or(&usage).trim();
        text.push_str(&format!(".SS {}\n", quoted(&escaped(usage))));
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&sentences(&format!("{about}.")));
        options(sub.get_arguments().filter(|arg| arg.get_id() != "help"), &mut text);
    }
    text.push_str(".SH OPTIONS\n");
    let mut headings: Vec<Option<&str>> = Vec::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set()) {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    // Options without a heading come first, as in the help.
    headings.sort_by_key(Option::is_some);
    for heading in headings {
        if let Some(heading) = heading {
            text.push_str(&format!(".SS {}\n", quoted(&escaped(heading))));
        }
        let own = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
        options(own.filter(|arg| arg.get_help_heading() == heading), &mut text);
    }
    text
}

/// The usage line of the definition, without the word "Usage:".
fn usage(command: &Command) -> Option<String> {
    if command.has_subcommands() {
        return None;
    }
    let usage = command.clone().render_usage().to_string();
    Some(usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned())
}

fn sub_usage(name: &str, sub: &Command) -> String {
    let mut words = vec![name.to_owned(), sub.get_name().to_owned()];
    for arg in sub.get_arguments().filter(|arg| arg.get_id() != "help") {
        words.push(match arg.get_long() {
            Some(long) => format!("[--{long}]"),
            None => value_name(arg),
        });
    }
    words.join(" ")
}

/// Marks up a usage line: words in capitals are placeholders, others are typed as they are.
fn synopsis(usage: &str) -> String {
    let word = |word: &str| {
        let kind = if word.chars().any(|letter| letter.is_ascii_lowercase()) { 'B' } else { 'I' };
        format!("\\f{kind}{}\\fR", escaped(word))
    };
    format!("{}\n", usage.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
}

fn options<'a>(args: impl Iterator<Item = &'a Arg>, text: &mut String) {
    for arg in args {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = match arg.get_action() {
            // clap's text for --help promises a short and a long form.
            ArgAction::Help => "Print the help".to_owned(),
            ArgAction::Version => "Print the version".to_owned(),
            _ => help,
        };
        text.push_str(&format!(".TP\n{}\n{}", tag(arg), sentences(&format!("{help}."))));
        let words: Vec<_> =
            arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if !words.is_empty() && !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
            text.push_str(&sentences(&format!("One of {}.", words.join(", "))));
        }
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if arg.get_action().takes_values() && !defaults.is_empty() {
            text.push_str(&sentences(&format!("The default is {}.", defaults.join(" "))));
        }
    }
}

/// `-x, --long=VALUE`
fn tag(arg: &Arg) -> String {
    if arg.is_positional() {
        return format!("\\fI{}\\fR", escaped(&value_name(arg)));
    }
    let short = arg.get_short().map(|letter| format!("\\fB\\-{letter}\\fR"));
    let long = arg.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", escaped(long)));
    let mut tag: String = short.iter().chain(&long).map(String::as_str).collect::<Vec<_>>().join(", ");
    if arg.get_action().takes_values() {
        let value = format!("\\fI{}\\fR", escaped(&value_name(arg)));
        let optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
        tag.push_str(&match (optional, long.is_some()) {
            (true, _) => format!("[={value}]"),
            (false, true) => format!("={value}"),
            (false, false) => format!(" {value}"),
        });
    }
    tag
}

fn value_name(arg: &Arg) -> String {
    let name = arg.get_value_names().and_then(<[_]>::first);
    name.map_or_else(|| arg.get_id().to_string().to_uppercase(), ToString::to_string)
}

/// Escapes text for roff, which reads a dash as a hyphen and a period or quote at the start of a line as a
/// request.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga")
}

/// Writes one sentence per line, and breaks lines at 80 columns.
fn sentences(text: &str) -> String {
    const WIDTH: usize = 78;
    let mut out = String::new();
    let mut line = String::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        let word = escaped(word);
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        } else if word.starts_with('.') {
            line.push_str("\\&");
        }
        line.push_str(&word);
        // roff puts a wide blank after a colon or period that ends a line.
        if word.ends_with(['.', '?', '!']) || index + 1 == words.len() {
            out.push_str(&line);
            out.push('\n');
            line.clear();
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\(dq"))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_begin_with_no_request() {
        let text = sentences("One. .two is 'quoted' and well-known; a third word. Four");
        assert_eq!(text, "One.\n\\&.two is \\(aqquoted\\(aq and well\\-known; a third word.\nFour\n");
        assert!(sentences(&"word ".repeat(100)).lines().all(|line| line.len() <= 78));
    }
}
