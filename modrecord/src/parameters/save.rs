// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the parameters of a loaded module to its file.

use std::path::Path;

use libmodsys::{Kernel, files, system_name};

use super::error::SavedParametersError;
use super::file::SavedParameters;
use super::kernel_syntax::word_for_kernel;
use super::location::SaveLocation;
use crate::time::Utc;

/// A parameter that was not saved. The file has no value for it any more, rather than an old one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {name} is not saved: {reason}")]
#[non_exhaustive]
pub struct NotSaved {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Saves the current parameters of a module, and returns those that cannot be saved because no file of saved
/// parameters, or no parameter of a later load, could bring their value back. The new file replaces the old
/// one at once.
///
/// # Errors
/// [`SavedParametersError`]
pub fn save(
    kernel: &dyn Kernel,
    module: &str,
    location: &SaveLocation,
) -> Result<Vec<NotSaved>, SavedParametersError> {
    let mut values = kernel.parameters(module)?;
    if !location.names.is_empty() {
        values.retain(|name, _| location.names.contains(name));
    }
    let mut saved = SavedParameters::read(&location.path)?;
    // "(null)" is what the kernel shows for a string that is not set. No value in a file would bring that
    // back.
    values.retain(|name, value| {
        let is_set = value != b"(null)";
        if !is_set {
            saved.remove(name);
        }
        is_set
    });
    let mut not_saved = Vec::new();
    values.retain(|name, value| {
        let reason = match word_for_kernel(name, value) {
            Err(reason) => reason.to_string(),
            Ok(_) if !SavedParameters::has_room_for(name, value) => "its line would be too long".to_owned(),
            Ok(_) => return true,
        };
        saved.remove(name);
        not_saved.push(NotSaved { name: name.clone(), reason });
        false
    });
    saved.update(&values);
    let head = [format!("Kernel {}", system_name()), format!("Data saved {} GMT", Utc::now().words())];
    let directory = location.path.parent().unwrap_or(Path::new("/"));
    files::create_directory(directory, 0o755)
        .map_err(|error| SavedParametersError::file("create", directory, &error))?;
    let text = saved.render(&head, &values);
    // The next load must be able to read it.
    SavedParameters::parse_file(&location.path, &text)?;
    files::replace(&location.path, &text)
        .map_err(|error| SavedParametersError::file("write", &location.path, &error))?;
    Ok(not_saved)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn what_cannot_come_back_is_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = FakeKernel::new();
        let long = "x".repeat(2999);
        kernel.add(
            FakeModule::new("foo")
                .parameter("good", "\u{e0} num=9")
                .parameter("long", &long)
                .parameter("quotes", "a\"b"),
        );
        let path = folder.path().join("foo");
        fs::write(&path, "quotes=old\ngood=old\n").unwrap();
        let location = SaveLocation::new(path, Vec::new(), Path::new("/no/such.ko"));
        let not_saved = save(&kernel, "foo", &location).unwrap();
        let names: Vec<_> = not_saved.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["long", "quotes"]);
        let text = fs::read_to_string(&location.path).unwrap();
        assert!(text.ends_with("GMT\ngood=\"\u{e0} num=9\"\n"), "{text}");
    }

    #[test]
    fn parameters_reach_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo").parameter("a", "1").parameter("b", "x y").parameter("c", "no"));
        let path = folder.path().join("deep/foo");
        let location = SaveLocation::new(path, vec!["a".into(), "b".into()], Path::new("/no/such.ko"));
        save(&kernel, "foo", &location).unwrap();
        let text = fs::read_to_string(&location.path).unwrap();
        assert!(text.starts_with("#% Kernel Linux ") && text.ends_with("GMT\na=1\nb=\"x y\"\n"), "{text}");
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
        let mode = || fs::metadata(&location.path).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&location.path, PermissionsExt::from_mode(0o640)).unwrap();
        save(&kernel, "foo", &location).unwrap();
        assert_eq!(mode(), 0o640, "as the administrator wants it");
    }
}
