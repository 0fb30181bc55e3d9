// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tokens of the running kernel, and those that the journal has recorded.

use std::path::PathBuf;

use libmodfmt::journal::{Entry, Journal};
use libmodfmt::persist::Header;
use libmodfmt::proc::{NameToken, name_tokens};
use libmodsys::Kernel;

use super::{KnownRegion, KnownToken};
use crate::Warning;
use crate::journal::{is_before, modules_at};

/// Returns the tokens of the running kernel; none, with a warning, if they cannot be read.
#[must_use]
pub fn tokens_of_kernel(kernel: &dyn Kernel, warnings: &mut Vec<Warning>) -> Vec<KnownToken> {
    let text = kernel.name_tokens().unwrap_or_else(|error| {
        warnings.push(Warning::RunningKernel { error: error.to_string() });
        None
    });
    let source = "the running kernel";
    let known = |token: NameToken| {
        let module = token.module.as_deref().map(|name| module(name, &[], None, source));
        KnownToken { token, module, source: source.to_owned() }
    };
    name_tokens(&text.unwrap_or_default()).flatten().map(known).collect()
}

/// Returns the tokens of one boot of the journal at the time of a report, in microseconds since boot: those
/// that the last insmod or rmmod before it found.
pub(crate) fn tokens_of_boot(journal: &Journal, boot: &str, time_us: Option<u64>) -> Vec<KnownToken> {
    let tokens = journal.of_boot(boot).filter(|entry| is_before(entry, time_us));
    let tokens = tokens.filter_map(|entry| match entry {
        Entry::Tokens(tokens) => Some(&tokens.tokens),
        Entry::Boot(_) | Entry::Module(_) | Entry::Unload(_) | Entry::Discard(_) => None,
    });
    let Some(tokens) = tokens.last() else { return Vec::new() };
    let (states, source) = (modules_at(journal, boot, time_us), format!("the journal of boot {boot}"));
    let known = |token: &NameToken| {
        let module = token.module.as_ref().map(|name| {
            let loaded = states.iter().find(|state| state.module.name == *name).map(|state| state.module);
            let file = loaded.and_then(|loaded| loaded.file.as_ref()).map(PathBuf::from);
            module(name, loaded.map(|loaded| &*loaded.build_id).unwrap_or_default(), file, &source)
        });
        KnownToken { token: token.clone(), module, source: source.clone() }
    };
    tokens.iter().map(known).collect()
}

/// A module whose file has the types, as an owner without any data.
fn module(name: &str, build_id: &[u8], file: Option<PathBuf>, source: &str) -> KnownRegion {
    let mut header = Header::new(name);
    header.build_id = build_id.to_vec();
    let (addresses, source) = (Vec::new(), source.to_owned());
    KnownRegion { header, addresses, file, source, owner_loaded: None, discarded: false }
}

#[cfg(test)]
mod tests {
    use libmodfmt::journal::{LoadedModule, Tokens};

    use super::*;

    #[test]
    fn the_last_tokens_before_the_report_hold() {
        let boot = "b-1";
        let tokens = |at: u64, names: &[&str]| {
            let tokens =
                names.iter().map(|name| NameToken::new(name, [1 << 50, 8, 0, 0]).with_type("foo", "int"));
            Entry::Tokens(Tokens { boot: boot.into(), tokens: tokens.collect(), at })
        };
        let foo = LoadedModule {
            boot: boot.into(),
            name: "foo".into(),
            build_id: vec![7],
            file: Some("/foo.ko".into()),
            at: 100,
            ..LoadedModule::default()
        };
        let entries =
            vec![tokens(100, &["a"]), Entry::Module(foo), tokens(1000, &["a", "b"]), tokens(2000, &[])];
        let journal = Journal { entries, skipped: 0 };
        let found = |time_us: Option<u64>| tokens_of_boot(&journal, boot, time_us);
        assert_eq!(found(Some(5_000_000)).len(), 1);
        assert_eq!(found(Some(15_000_000)).len(), 2);
        assert!(found(None).is_empty() && tokens_of_boot(&journal, "b-2", None).is_empty());
        let module = found(Some(15_000_000))[1].module.clone().unwrap();
        assert_eq!((module.header.build_id, module.file), (vec![7], Some("/foo.ko".into())));
    }
}
