// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the parameters of a loaded module to its file.

use std::path::Path;

use libmodsys::{Kernel, files, system_name};

use super::error::SavedParametersError;
use super::file::SavedParameters;
use super::location::SaveLocation;
use crate::time::Utc;

/// Saves the current parameters of a module. The new file replaces the old one at once.
///
/// # Errors
/// [`SavedParametersError`]
pub fn save(kernel: &dyn Kernel, module: &str, location: &SaveLocation) -> Result<(), SavedParametersError> {
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
    saved.update(&values);
    let head = [format!("Kernel {}", system_name()), format!("Data saved {} GMT", Utc::now().words())];
    let directory = location.path.parent().unwrap_or(Path::new("/"));
    files::create_directory(directory, 0o755)
        .map_err(|error| SavedParametersError::file("create", directory, &error))?;
    files::replace(&location.path, &saved.render(&head, &values))
        .map_err(|error| SavedParametersError::file("write", &location.path, &error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use modtest::{FakeKernel, FakeModule};

    use super::*;

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
