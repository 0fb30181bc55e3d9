// SPDX-License-Identifier: MIT OR Apache-2.0
//! Marks the variables in a copy of a source file, as its author would.

use super::text::Source;

/// Words of a definition that put the variable into another section.
const OTHER_SECTIONS: &[&str] = &["__read_mostly", "__ro_after_init", "__cacheline_aligned_in_smp"];

/// The file with its mark at each definition of one of `variables`, and what else the replay needs.
pub fn mark(text: &str, variables: &[String], holds: &[String]) -> String {
    let source = Source::read(text);
    // Places, what is there, and what is to be there.
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for statement in &source.statements {
        let names: Vec<&String> = variables.iter().filter(|name| statement.defines_variable(name)).collect();
        if names.is_empty() {
            continue;
        }
        edits.push((statement.start(), statement.start(), "__persistent ".to_owned()));
        for word in OTHER_SECTIONS {
            edits.extend(statement.find(word).map(|place| (place.start, place.end, String::new())));
        }
        let entries: String = names.iter().map(|name| format!(" HISTORY_ENTRY({name});")).collect();
        edits.push((statement.end(), statement.end(), entries));
    }
    let mut marked = String::from("#include \"history.h\"\n#line 1\n");
    let mut at = 0;
    edits.sort();
    for (start, end, new) in edits {
        marked.push_str(text.get(at..start).unwrap_or_default());
        marked.push_str(&new);
        at = end;
    }
    marked.push_str(text.get(at..).unwrap_or_default());
    for kind in holds {
        marked.push_str(&format!("\nPERSISTENT_HOLDS({kind});"));
    }
    marked.push('\n');
    marked
}

/// The file with its init and exit functions made optional.
pub fn make_idle(text: &str) -> String {
    let include =
        if text.contains("#include \"history.h\"") { "" } else { "#include \"history.h\"\n#line 1\n" };
    let body = text.replace("\nmodule_init(", "\nHISTORY_INIT(").replace("\nmodule_exit(", "\nHISTORY_EXIT(");
    format!("{include}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_definition_is_marked_once() {
        let text = "static int a __read_mostly = 1, b;\nextern int a;\nint f(int a) { return a; }\n";
        let marked = mark(text, &["a".into(), "b".into(), "c".into()], &["struct x".into()]);
        assert_eq!(
            marked,
            "#include \"history.h\"\n#line 1\n__persistent static int a  = 1, b; HISTORY_ENTRY(a); HISTORY_ENTRY(b);\n\
             extern int a;\nint f(int a) { return a; }\n\nPERSISTENT_HOLDS(struct x);\n"
        );
    }
}
