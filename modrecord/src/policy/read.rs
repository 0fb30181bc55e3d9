// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds and reads the configuration files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use libmodsys::{Errno, files, io_errno};

use super::problem::Problem;
use super::settings::Policy;

/// A larger file is not read.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// No further files of the directory are read.
const MAX_FILES: usize = 1000;

impl Policy {
    /// Reads a configuration file, and the directory whose name is the file's with `.d` behind it. Without
    /// the file nothing else is looked at.
    #[must_use]
    pub fn read(config: &Path) -> Self {
        let mut policy = Self::default();
        let main = open(config, Links::Followed);
        if matches!(main, Err(Problem::System { errno: Errno::ENOENT, .. })) {
            return policy;
        }
        policy.add_file(config, main);
        let directory = directory_of(config);
        match files_of(&directory) {
            Ok(files) => {
                for file in files {
                    let opened = open(&file, Links::Refused);
                    policy.add_file(&file, opened);
                }
            }
            Err(Problem::System { errno: Errno::ENOENT, .. }) => {}
            Err(problem) => policy.problems.push(problem),
        }
        policy
    }

    fn add_file(&mut self, path: &Path, opened: Result<File, Problem>) {
        let text = opened.and_then(|file| {
            let mut bytes = Vec::new();
            file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(|error| system(path, &error))?;
            String::from_utf8(bytes).map_err(|_| Problem::NoText { file: path.to_owned() })
        });
        match text {
            Ok(text) => self.add(&text, path),
            Err(problem) => self.problems.push(problem),
        }
    }
}

/// `/etc/modpersist.conf.d` for `/etc/modpersist.conf`
fn directory_of(config: &Path) -> PathBuf {
    let mut name = config.as_os_str().to_owned();
    name.push(".d");
    PathBuf::from(name)
}

/// Whether a link may stand in the place of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

/// Opens a regular file that only root, or this user, can have written.
fn open(path: &Path, links: Links) -> Result<File, Problem> {
    let file = match links {
        Links::Followed => files::open_regular(path),
        Links::Refused => files::open_no_link(path),
    };
    let file = file.map_err(|error| system(path, &error))?;
    let data = file.metadata().map_err(|error| system(path, &error))?;
    if files::is_trusted(&data) { Ok(file) } else { Err(Problem::Unsafe { file: path.to_owned() }) }
}

/// The files `*.conf` of a directory that only root, or this user, can have put there, in the order of their
/// names.
fn files_of(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let failed = |error: io::Error| system(directory, &error);
    if !files::is_trusted(&fs::metadata(directory).map_err(failed)?) {
        return Err(Problem::Unsafe { file: directory.to_owned() });
    }
    let entries = fs::read_dir(directory).map_err(failed)?.filter_map(Result::ok);
    let is_conf = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "conf");
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(is_conf).collect();
    files.sort();
    files.truncate(MAX_FILES);
    Ok(files)
}

fn system(path: &Path, error: &io::Error) -> Problem {
    Problem::System { file: path.to_owned(), errno: io_errno(error) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use modkeep::KeepMode;
    use tempfile::TempDir;

    use super::*;

    struct Site(TempDir);

    impl Site {
        fn new() -> Self {
            Self(TempDir::new().unwrap())
        }

        fn config(&self) -> PathBuf {
            self.0.path().join("modpersist.conf")
        }

        fn write(&self, name: &str, text: &str, mode: u32) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }

        fn policy(&self) -> Policy {
            Policy::read(&self.config())
        }

        fn problems(&self) -> Vec<String> {
            let folder = format!("{}/", self.0.path().display());
            self.policy().problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
        }
    }

    #[test]
    fn files_of_the_directory_come_after_the_main_one() {
        let site = Site::new();
        assert_eq!(site.policy(), Policy::default());
        site.write("modpersist.conf.d/10-a.conf", "keep=off\n", 0o644);
        // Without the main file nothing else is looked at.
        assert_eq!(site.policy(), Policy::default());
        site.write("modpersist.conf", "keep=require\nstrict=on\n", 0o644);
        assert_eq!(site.policy().keep("foo").value, KeepMode::Off);
        site.write("modpersist.conf.d/20-b.conf", "keep=auto\n", 0o600);
        site.write("modpersist.conf.d/30-c.conf~", "keep=off\n", 0o644);
        let keep = site.policy().keep("foo");
        assert_eq!(keep.value, KeepMode::Auto);
        assert!(keep.origin.to_string().ends_with("modpersist.conf.d/20-b.conf:1"));
        assert!(site.policy().strict("foo").value);
        assert_eq!(site.problems(), Vec::<String>::new());
    }

    #[test]
    fn what_others_may_write_is_not_used() {
        let site = Site::new();
        site.write("modpersist.conf", "keep=off\n", 0o666);
        site.write("modpersist.conf.d/a.conf", "strict=on\n", 0o620);
        site.write("modpersist.conf.d/b.conf", "journal=off\n", 0o644);
        let not_used = "not used, since it is not root's alone to write";
        let expected =
            [format!("modpersist.conf: {not_used}"), format!("modpersist.conf.d/a.conf: {not_used}")];
        assert_eq!(site.problems(), expected);
        assert!(!site.policy().journal().value && !site.policy().strict("foo").value);
        let directory = site.0.path().join("modpersist.conf.d");
        fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(site.problems()[1], format!("modpersist.conf.d: {not_used}"));
        assert!(site.policy().journal().value);
    }

    #[test]
    fn what_is_no_regular_file_is_said() {
        let site = Site::new();
        site.write("modpersist.conf", "", 0o644);
        site.write("elsewhere", "keep=off\n", 0o644);
        site.write("modpersist.conf.d/c.conf", "\u{fffd}", 0o644);
        fs::write(site.0.path().join("modpersist.conf.d/c.conf"), b"\xff").unwrap();
        symlink(site.0.path().join("elsewhere"), site.0.path().join("modpersist.conf.d/a.conf")).unwrap();
        fs::create_dir(site.0.path().join("modpersist.conf.d/b.conf")).unwrap();
        let problems = site.problems();
        assert!(problems[0].starts_with("modpersist.conf.d/a.conf: ") && problems[1].contains("b.conf: "));
        assert_eq!(problems[2], "modpersist.conf.d/c.conf: not used, since it is not UTF-8");
        assert_eq!(site.policy().keep("foo").value, KeepMode::Auto);
    }
}
