// SPDX-License-Identifier: MIT OR Apache-2.0
//! Paths of source files. They are of another machine, so they stay text.

/// Joins the parts that are not empty, without `.` and double slashes. `..` stays, as a folder may be a
/// symbolic link.
pub(super) fn join(parts: &[&str]) -> String {
    let absolute = parts.iter().find(|part| !part.is_empty()).is_some_and(|part| part.starts_with('/'));
    let names = parts.iter().flat_map(|part| part.split('/'));
    let names: Vec<_> = names.filter(|name| !name.is_empty() && *name != ".").collect();
    let path = names.join("/");
    if absolute { format!("/{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn joins_and_cleans() {
        assert_eq!(join(&["/build", "./fs//ext4", "super.c"]), "/build/fs/ext4/super.c");
        assert_eq!(join(&["", "fs/../mm", "./slub.c"]), "fs/../mm/slub.c");
        assert_eq!(join(&["/"]), "/");
    }
}
