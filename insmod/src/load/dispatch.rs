// SPDX-License-Identifier: MIT OR Apache-2.0
//! The choice between a plain load and one that keeps persistent data.

use libmodsys::{Errno, Kernel};
use modcli::{Output, Status, module_name};
use modrecord::journal::ModuleDetails;

use super::{persistent, plain};
use crate::load_request::LoadRequest;
use crate::preflight::detect;

/// Loads a module. Everything but the error number's message has been written when this returns.
///
/// # Errors
/// The error number of a plain load, or one with which a plain load would have failed.
pub(crate) fn load(
    request: &LoadRequest<'_>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Status, Errno> {
    let concerns_persistent_data =
        request.restore.is_some() || detect::concerns_persistent_data(request, kernel);
    if concerns_persistent_data {
        let decided = &request.by_policy();
        if let Some(status) = persistent::load(decided, kernel, output)? {
            if status == Status::Failure {
                for words in request.policy_words() {
                    output.error(format_args!("  {words}"));
                }
            }
            return Ok(status);
        }
    }
    plain::load(request, kernel, output)?;
    // The kernel knows the module by the name inside the file; the file's own name is nearly always the same,
    // and the file is not read for it.
    let name = module_name::from_path(request.module.argument());
    let sizes = request.module.section_sizes();
    let known = name.as_deref().map(|name| ModuleDetails {
        name,
        file: Some(request.module.path()),
        header: None,
        build_id: &[],
        sizes: &sizes,
        region: None,
    });
    request.journal.update(known);
    Ok(Status::Success)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use libmodfmt::elf::flags;
    use libmodsys::LoadFlags;
    use modkeep::KeepMode;
    use modrecord::Paths;
    use modrecord::journal::Recorder;
    use modrecord::policy::LazyPolicy;
    use modtest::module::Make;
    use modtest::{FakeKernel, keeper_exports};
    use tempfile::TempDir;

    use super::*;
    use crate::ModuleInput;
    use crate::load_request::SitePolicy;

    /// Loads a file; the bytes that insmod itself read from it.
    fn bytes_read(content: &[u8], kernel: &FakeKernel) -> u64 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("foo.ko");
        fs::write(&path, content).unwrap();
        let module = ModuleInput::open(path.as_os_str(), path.clone()).unwrap();
        let (flags, keep) = (LoadFlags::NONE, KeepMode::Auto);
        let journal = Recorder::new(kernel, Path::new("/no/such/directory"));
        let paths = Paths {
            owner_sections: folder.path().join("sections"),
            loaded_images: folder.path().join("images"),
            ..Paths::default()
        };
        let request = LoadRequest {
            module: &module,
            params: c"",
            flags,
            keep,
            fresh: false,
            fresh_variables: &[],
            renamed: &[],
            drops: &[],
            restore: None,
            strict: false,
            policy: None,
            is_unattended: false,
            explain: false,
            paths: &paths,
            journal: &journal,
        };
        let mut output = Output::captured("insmod");
        assert_eq!(load(&request, kernel, &mut output), Ok(Status::Success), "{}", output.stderr());
        module.bytes_read()
    }

    #[test]
    fn a_plain_load_reads_the_section_table_and_no_more() {
        let read = |code_size: usize| {
            let mut make = Make::bare("read_plain");
            make.section(".text", flags::ALLOC | flags::EXEC, 16, &vec![0x90; code_size]);
            let kernel = FakeKernel::new();
            let read = bytes_read(&make.build(), &kernel);
            assert_eq!(kernel.syscalls().len(), 1);
            read
        };
        assert_eq!(read(16), read(4 << 20));
        assert!(read(16) < 4 << 10, "{} bytes read", read(16));
    }

    #[test]
    fn a_load_that_keeps_data_reads_the_file_once() {
        let mut make = Make::typical("read_once");
        make.section(".rodata", flags::ALLOC, 16, &vec![0; 1 << 20]);
        let file = make.build();
        let kernel = keeper_exports::kernel();
        let read = bytes_read(&file, &kernel);
        assert_eq!(kernel.history(), ["+read_once__persist", "+read_once"]);
        assert!(read < file.len() as u64 + (8 << 10), "{read} bytes read of {}", file.len());
    }

    /// Loads a file where the site has decided this, and nothing on the command line does; the status and
    /// what was said.
    fn loaded_by(config: &str, content: &[u8], kernel: &FakeKernel, fresh: bool) -> (Status, String) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("foo.ko");
        fs::write(&path, content).unwrap();
        let module = ModuleInput::open(path.as_os_str(), path.clone()).unwrap();
        let journal = Recorder::new(kernel, Path::new("/no/such/directory"));
        let paths = Paths {
            owner_sections: folder.path().join("sections"),
            loaded_images: folder.path().join("images"),
            config: folder.path().join("modpersist.conf"),
            ..Paths::default()
        };
        fs::write(&paths.config, config).unwrap();
        fs::set_permissions(&paths.config, PermissionsExt::from_mode(0o644)).unwrap();
        let policy = LazyPolicy::new(paths.config.clone());
        let request = LoadRequest {
            module: &module,
            params: c"",
            flags: LoadFlags::NONE,
            keep: KeepMode::Auto,
            fresh,
            fresh_variables: &[],
            renamed: &[],
            drops: &[],
            restore: None,
            strict: false,
            policy: Some(SitePolicy { policy: &policy, decides_keep: true, decides_strict: true }),
            is_unattended: false,
            explain: false,
            paths: &paths,
            journal: &journal,
        };
        let mut output = Output::captured("insmod");
        let status = load(&request, kernel, &mut output).unwrap();
        crate::report::policy(&policy, &mut output);
        (status, output.stderr().replace(folder.path().to_str().unwrap(), "FOLDER"))
    }

    #[test]
    fn the_site_decides_whether_data_is_kept() {
        let file = Make::typical("by_site").build();
        let kernel = keeper_exports::kernel();
        let (status, said) = loaded_by("keep=off\n", &file, &kernel, false);
        assert_eq!((status, said.as_str()), (Status::Success, ""));
        assert_eq!(kernel.history(), ["+file by_site"]);
        // An owner's own setting, and a request for data to be kept, come first.
        for (config, fresh) in [("keep=off\nkeep.by-site=auto\n", false), ("keep=off\n", true)] {
            let kernel = keeper_exports::kernel();
            assert_eq!(loaded_by(config, &file, &kernel, fresh).0, Status::Success);
            assert_eq!(kernel.history(), ["+by_site__persist", "+by_site"], "{config}");
        }
    }

    #[test]
    fn a_refusal_names_the_line_that_wants_it() {
        // The keeper would have no signature.
        let kernel = FakeKernel::new();
        kernel.set(|settings| settings.sig_enforce = Some(true));
        let file = Make::typical("required").build();
        let (status, said) = loaded_by("\nkeep=require\n", &file, &kernel, false);
        assert_eq!(status, Status::Failure, "{said}");
        let words = "keep=require by FOLDER/modpersist.conf:2; the command line overrides it";
        assert!(said.contains(words), "{said}");
        assert!(kernel.history().is_empty());
    }

    #[test]
    fn what_is_wrong_is_one_warning() {
        let file = Make::typical("wrong").build();
        let (status, said) = loaded_by("kepp=off\nkeep=on\n", &file, &keeper_exports::kernel(), false);
        assert_eq!(status, Status::Success);
        let warning = "FOLDER/modpersist.conf:1: unknown setting 'kepp', and 1 more; ignored";
        assert!(said.contains(warning) && said.matches("WARNING").count() == 1, "{said}");
        // A module without persistent data does not depend on it: nothing is read.
        let (status, said) = loaded_by("kepp=off\n", &Make::bare("plain").build(), &FakeKernel::new(), false);
        assert_eq!((status, said.as_str()), (Status::Success, ""));
    }
}
