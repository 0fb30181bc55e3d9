// SPDX-License-Identifier: MIT OR Apache-2.0
//! KASAN's shadow by the configuration of the kernel, which lies beside its file.

use libksym::FileSearch;
use libmodfmt::journal::Journal;

use super::support::{annotated, decoder};

/// `ldrsb w1, [x1, x2]`, by which code of arm64 looks at the shadow of an address.
const LOG: &str = "\
Unable to handle kernel paging request at virtual address dfff800000000002
CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0-9-arm64 #1
pstate: 60000005 (nZCv daif -PAN -UAO)
pc : victim+0x18/0x2c
lr : caller+0x18/0x2c
sp : ffff80000a2d3c00
x29: ffff80000a2d3c00 x28: ffff000002a40000
x2 : dfff800000000000 x1 : 0000000000000002 x0 : 0000000000000010
Code: 910003fd f9000bf3 aa0003f3 97932e41 (38e26821)
";

fn said(config: Option<(&str, &str)>) -> String {
    let root = tempfile::tempdir().unwrap();
    let boot = root.path().join("boot");
    std::fs::create_dir(&boot).unwrap();
    if let Some((name, text)) = config {
        std::fs::write(boot.join(name), text).unwrap();
    }
    let mut decoder = decoder(Journal::default());
    decoder.sources.root = root.path().to_owned();
    decoder.sources.discover.kernel = FileSearch::Usual;
    annotated(LOG.as_bytes(), &decoder)
}

#[test]
fn kasan_shadow_by_the_configuration() {
    let text = "CONFIG_KASAN=y\nCONFIG_KASAN_SHADOW_OFFSET=0xdfff800000000000\n";
    let shadow = "0xdfff800000000002 is KASAN's shadow of 0x10 to 0x17 (by the kernel's configuration)";
    let right = said(Some(("config-6.1.0-9-arm64", text)));
    assert!(right.contains(shadow), "{right}");
    // Nothing is said by another kernel's, or by one without KASAN, or where no register has the offset.
    for config in [
        None,
        Some(("config-6.1.0-8-arm64", text)),
        Some(("config-6.1.0-9-arm64", "CONFIG_X=y\n# CONFIG_KASAN_SHADOW_OFFSET is not set\n")),
        Some(("config-6.1.0-9-arm64", "CONFIG_KASAN_SHADOW_OFFSET=0xdfff700000000000\n")),
        Some(("config-6.1.0-9-arm64", "CONFIG_KASAN_SHADOW_OFFSET=many\n")),
    ] {
        let text = said(config);
        assert!(!text.contains("KASAN"), "{config:?}: {text}");
    }
}
