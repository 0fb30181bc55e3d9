// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks that compilers and insmod say what `docs/compile-errors.md` promises.
//!
//! The files in `tests/fixtures/compile_errors` are compiled by kbuild, as those of a module, by gcc and
//! clang. Each line that is wrong has the messages before it:
//!
//! ```text
//! //# gcc: section of 'speed' conflicts with previous declaration
//! //# clang: section does not match previous declaration
//! static __persistent int speed __read_mostly;
//! ```
//!
//! Quotes are those of the C locale. `//# insmod:` is a reason for which insmod refuses a file that compiles.
//! `right.c` must compile without any message, and not be refused.

mod expected;
mod messages;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libmodfmt::arch::Arch;
use libmodfmt::elf::Object;
use libmodfmt::persist::{Inventory, Refusals};
use vmguest::KernelKind;

use crate::fixtures::kbuild;
use crate::kernel::Kernel;
use crate::{process, ui, workspace};
use expected::{By, Expected};
use messages::Message;

const SOURCES: &str = "tests/fixtures/compile_errors";

/// The file that is right.
const RIGHT: &str = "right.c";

/// The file that is compiled without a path to `persistent.h`.
const WITHOUT_PATH: &str = "no_path";

/// A file of the directory.
struct Source {
    name: String,
    text: String,
    expected: Vec<Expected>,
}

/// Compiles all files. Only for a kernel that is not ours: those differ in nothing that matters here.
pub fn check(kernel: &Kernel) -> Result<bool> {
    if kernel.kind != KernelKind::Stock {
        return Ok(true);
    }
    let sources = sources()?;
    let mut compilers = vec![By::Gcc];
    compilers.extend(kernel.has_clang().then_some(By::Clang));
    let stage = workspace::target().join("compile-errors").join(kernel.directory_name());
    let problems = ui::step(&format!("compiling wrong code for {}", kernel.release), || {
        let said = compile(kernel, &stage, &sources, &compilers)?;
        let mut problems = Vec::new();
        for by in compilers {
            for source in &sources {
                problems.extend(unmet(source, by, &said, &stage)?);
            }
        }
        Ok(problems)
    })?;
    for problem in &problems {
        ui::line(problem);
    }
    Ok(problems.is_empty())
}

fn sources() -> Result<Vec<Source>> {
    let directory = workspace::root().join(SOURCES);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let expected = expected::read(&text).with_context(|| path.display().to_string())?;
        sources.push(Source { name, text, expected });
    }
    ensure!(sources.iter().any(|source| source.name == RIGHT), "{} lacks {RIGHT}", directory.display());
    Ok(sources)
}

/// Compiles all files in one run of make. It goes on after errors, so it makes no modules, only objects.
fn compile(kernel: &Kernel, stage: &Path, sources: &[Source], compilers: &[By]) -> Result<Vec<Message>> {
    if stage.exists() {
        fs::remove_dir_all(stage)?;
    }
    let mut top = String::new();
    for by in compilers {
        let directory = stage.join(by.name());
        fs::create_dir_all(&directory)?;
        top.push_str(&format!("obj-m += {}/\n", by.name()));
        for source in sources {
            fs::write(directory.join(&source.name), &source.text)?;
        }
        fs::write(directory.join("Kbuild"), makefile(sources, *by))?;
    }
    fs::write(stage.join("Kbuild"), top)?;
    let mut make = kernel.make(stage);
    // -O: what one compiler says is not mixed with what another one does.
    make.args(["-k", "-O", "modules"]).env("LANG", "C").env_remove("LC_ALL").env_remove("LC_CTYPE");
    let output = process::raw(&mut make)?;
    let text = [output.stdout, output.stderr].concat();
    Ok(messages::parse(&String::from_utf8_lossy(&text)))
}

fn makefile(sources: &[Source], by: By) -> String {
    let root = workspace::root().display();
    let header = format!("-I{root}/kernel");
    let mut text = format!("ccflags-y := {header} -I{root}/tests/fixtures/include -g\n");
    text.push_str(&format!("CFLAGS_REMOVE_{WITHOUT_PATH}.o := {header}\n"));
    if by == By::Clang {
        text.push_str("ccflags-y += -ferror-limit=0\n");
        text.push_str(&kbuild::for_clang());
    }
    for source in sources {
        text.push_str(&format!("obj-m += {}.o\n", source.name.trim_end_matches(".c")));
    }
    text
}

/// What is not as the file says.
fn unmet(source: &Source, by: By, said: &[Message], stage: &Path) -> Result<Vec<String>> {
    let path = stage.join(by.name()).join(&source.name);
    // Since 6.13 kbuild compiles in the directory of the modules, and messages have names relative to that.
    let is_here = |message: &&Message| message.file.as_deref().is_none_or(|file| stage.join(file) == path);
    let here: Vec<&Message> = said.iter().filter(is_here).collect();
    let mut problems = Vec::new();
    for expected in source.expected.iter().filter(|expected| expected.by == by) {
        if !here.iter().any(|message| message.is(expected)) {
            problems.push(format!("{}:{}: not said: {}", path.display(), expected.line, expected.text));
        }
    }
    let has_errors = source.expected.iter().any(|expected| expected.by == by);
    if !has_errors {
        let unwanted = here.iter().filter(|message| message.file.is_some());
        problems.extend(unwanted.map(|message| format!("{}: {}", path.display(), message.text)));
        problems.extend(unmet_refusals(source, &path.with_extension("o"))?);
    }
    Ok(problems)
}

/// The same for insmod's reasons, which show in the object already.
fn unmet_refusals(source: &Source, object: &PathBuf) -> Result<Vec<String>> {
    let bytes = fs::read(object).with_context(|| format!("{} was not made", object.display()))?;
    let parsed = Object::parse(&bytes).with_context(|| object.display().to_string())?;
    let inventory = Inventory::of(&parsed, "wrong", None, &[])?;
    let inventory = inventory.with_context(|| format!("{} has no persistent data", object.display()))?;
    let refusals = Refusals::of(&parsed, &inventory, Arch::of(parsed.ident)?)?;
    let reasons: Vec<String> = refusals.reasons.iter().map(ToString::to_string).collect();
    let mut problems = Vec::new();
    for expected in source.expected.iter().filter(|expected| expected.by == By::Insmod) {
        if !reasons.iter().any(|reason| reason.contains(&expected.text)) {
            problems.push(format!("{}: not refused: {}", object.display(), expected.text));
        }
    }
    if source.name == RIGHT {
        problems.extend(reasons.into_iter().map(|reason| format!("{}: {reason}", object.display())));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_message() {
        let document = fs::read_to_string(workspace::root().join("docs/compile-errors.md")).unwrap();
        for source in sources().unwrap() {
            for expected in source.expected {
                let text = &expected.text;
                assert!(document.contains(text), "{}:{}: {text}", source.name, expected.line);
            }
        }
    }
}
