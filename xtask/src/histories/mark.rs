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

/// The file with its init and exit functions made optional, if it has any.
pub fn make_idle(text: &str) -> String {
    let mut idle =
        text.replace("\nmodule_init(", "\nHISTORY_INIT(").replace("\nmodule_exit(", "\nHISTORY_EXIT(");
    // The old way is to give the functions the names that the kernel looks for.
    for (name, mark) in [("init_module", "HISTORY_INIT"), ("cleanup_module", "HISTORY_EXIT")] {
        if idle.contains(&format!(" {name}(void)")) {
            idle = idle.replace(&format!(" {name}(void)"), &format!(" history_own_{name}(void)"));
            idle.push_str(&format!("\n{mark}(history_own_{name});\n"));
        }
    }
    if idle == text || text.contains("#include \"history.h\"") {
        return idle;
    }
    format!("#include \"history.h\"\n#line 1\n{idle}")
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

    #[test]
    fn both_ways_to_name_an_init_function() {
        let new = make_idle("int x;\nmodule_init(f);\n");
        assert_eq!(new, "#include \"history.h\"\n#line 1\nint x;\nHISTORY_INIT(f);\n");
        let old = make_idle("int __init init_module(void) {}\n");
        assert!(old.contains("int __init history_own_init_module(void) {}"), "{old}");
        assert!(old.ends_with("HISTORY_INIT(history_own_init_module);\n"), "{old}");
        assert_eq!(make_idle("int x;\n"), "int x;\n");
    }
}
