// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module of a fake kernel.

use std::collections::BTreeMap;

use libmodsys::{InitState, Section, SectionAddress};

/// A loaded module, as `/sys/module` and `/proc/modules` show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeModule {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: InitState,
    /// Modules that it uses: it shows up as their holder and is counted by them.
    pub uses: Vec<String>,
    /// Holders that are not modules of this fake, for odd cases.
    pub extra_holders: Vec<String>,
    /// References that are not modules' (open files, mounts); `None` stands for a kernel that keeps no
    /// count.
    pub extra_references: Option<i64>,
    /// Whether it can be removed at all (has an exit function, or neither init nor exit).
    pub removable: bool,
    /// Its size in `/proc/modules`.
    pub size: u64,
    /// Its address in `/proc/modules`.
    pub address: u64,
    /// Its taint letters, such as `OE`.
    pub taint: String,
    /// Its sections.
    pub sections: Vec<Section>,
    /// Its notes.
    pub notes: BTreeMap<String, Vec<u8>>,
    /// Its parameters.
    pub parameters: BTreeMap<String, Vec<u8>>,
    /// Users that are not modules, one line each.
    pub outside_users: Vec<String>,
    /// Those that hold open what it has registered under its name, whether they are counted or not.
    pub users_of_own_devices: Vec<String>,
    /// Identifies this load of it; the kernel sets it.
    pub mark: u64,
}

impl FakeModule {
    /// A live module that uses nothing and is used by nothing.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: InitState::Live,
            uses: Vec::new(),
            extra_holders: Vec::new(),
            extra_references: Some(0),
            removable: true,
            size: 16384,
            address: 0xffff_ffff_c000_0000,
            taint: String::new(),
            sections: Vec::new(),
            notes: BTreeMap::new(),
            parameters: BTreeMap::new(),
            outside_users: Vec::new(),
            users_of_own_devices: Vec::new(),
            mark: 0,
        }
    }

    /// With another state.
    #[must_use]
    pub fn state(mut self, state: InitState) -> Self {
        self.state = state;
        self
    }

    /// With a module that it uses.
    #[must_use]
    pub fn uses(mut self, name: &str) -> Self {
        self.uses.push(name.to_owned());
        self
    }

    /// With holders that are not modules of the fake.
    #[must_use]
    pub fn holders(mut self, names: &[&str]) -> Self {
        self.extra_holders = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// With references that are not modules'; `None` if the kernel keeps no count.
    #[must_use]
    pub fn references(mut self, count: Option<i64>) -> Self {
        self.extra_references = count;
        self
    }

    /// With a section at an address.
    #[must_use]
    pub fn section(self, name: &str, address: u64) -> Self {
        self.section_address(name, SectionAddress::Known(address))
    }

    /// With a section whose address may be kept from us.
    #[must_use]
    pub fn section_address(mut self, name: &str, address: SectionAddress) -> Self {
        self.sections.push(Section { name: name.to_owned(), address });
        self.sections.sort_by(|one, other| one.name.cmp(&other.name));
        self
    }

    /// With a parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.as_bytes().to_vec());
        self
    }

    /// With a user that is not a module.
    #[must_use]
    pub fn outside_user(mut self, line: &str) -> Self {
        self.outside_users.push(line.to_owned());
        self
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, name: &str, content: &[u8]) -> Self {
        self.notes.insert(name.to_owned(), content.to_vec());
        self
    }
}
