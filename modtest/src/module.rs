// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules made up for tests, with libmodfmt's own writer.

use libmodfmt::elf::{
    Binding, ByteOrder, Ident, Object, Place, Relocation, RelocationForm, Section, SectionKind, Symbol,
    SymbolKind, flags,
};
use libmodfmt::module::{MODINFO, Module, THIS_MODULE};
use libmodfmt::note;
use libmodfmt::persist::Inventory;
use libmodfmt::signature::MAGIC;
use libmodfmt::versions::{ExtendedVersions, Versions};

pub const DATA: &str = ".data..persistent";
pub const BSS: &str = ".bss..persistent";

pub const R_64: u32 = 1;
pub const R_PC32: u32 = 2;
pub const R_PLT32: u32 = 4;
pub const R_GOTPCREL: u32 = 9;
pub const R_32: u32 = 10;
pub const R_32S: u32 = 11;
pub const R_PC64: u32 = 24;

/// Flags of a section that is written to.
pub const WRITABLE: u64 = flags::ALLOC | flags::WRITE;
const CODE: u64 = flags::ALLOC | flags::EXEC;
const TEXT: u64 = flags::ALLOC | flags::MERGE | flags::STRINGS;

/// A module on its way. Symbols may come in any order: locals are put first when it is written.
#[derive(Clone)]
pub struct Make {
    pub name: String,
    pub object: Object<'static>,
    symbols: Vec<Symbol<'static>>,
    relocations: Vec<(usize, Relocation)>,
    form: RelocationForm,
}

impl Make {
    /// A file with what every module has, and nothing else.
    pub fn bare(name: &str) -> Self {
        let mut make = Self {
            name: name.to_owned(),
            object: Object::new(Ident::X86_64, 0),
            symbols: Vec::new(),
            relocations: Vec::new(),
            form: RelocationForm::Rela,
        };
        let info = format!(
            "license=GPL\0alias=pci:v1\0depends=\0retpoline=Y\0parm=size:bytes\0parmtype=size:int\0\
             srcversion=ABC\0version=1.2\0name={name}\0vermagic=6.1.0-fake SMP mod_unload modversions \0"
        );
        make.section(MODINFO, flags::ALLOC, 1, info.as_bytes());
        let mut this_module = vec![0; 896];
        this_module[24..24 + name.len()].copy_from_slice(name.as_bytes());
        make.section(THIS_MODULE, WRITABLE, 64, &this_module);
        make
    }

    /// A module with everything that a driver with persistent data has.
    pub fn typical(name: &str) -> Self {
        let mut make = Self::bare(name);
        make.section(".text", CODE, 16, &[0; 96]);
        make.section(".init.text", CODE, 16, &[0; 16]);
        make.section(".exit.text", CODE, 16, &[0; 16]);
        make.section(".data", WRITABLE, 8, &[0; 32]);
        make.section(".rodata.str1.1", TEXT, 1, b"hello\0size\0");
        make.section("__param", flags::ALLOC, 8, &[0; 40]);
        let id = note::encode(b"GNU", 3, &[7; 20], ByteOrder::Little);
        make.note(".note.gnu.build-id", id);
        make.section(".debug_info", 0, 1, &[0; 32]);
        make.persistent();
        make.versions(&["module_layout", "_printk", "jiffies", "param_ops_int"]);

        make.global("init_module", ".init.text", SymbolKind::FUNCTION, 0, 16);
        make.global("cleanup_module", ".exit.text", SymbolKind::FUNCTION, 0, 16);
        make.global("__this_module", THIS_MODULE, SymbolKind::OBJECT, 0, 896);
        make.relocate(THIS_MODULE, 0x138, R_64, "init_module", 0);
        make.relocate(THIS_MODULE, 0x358, R_64, "cleanup_module", 0);
        make.undefined("_printk");
        make.undefined("param_ops_int");
        for (at, kind, symbol, addend) in [
            (0x04, R_PC32, DATA, 0x10 - 4),
            (0x0c, R_PC32, "shared", -4),
            (0x14, R_32S, DATA, 8),
            (0x20, R_64, "list", 8),
            (0x28, R_PC32, BSS, 0x100 - 4),
            (0x30, R_PLT32, "_printk", -4),
            (0x38, R_PC64, "shared", 4),
            (0x40, R_32, "shared", 0),
        ] {
            make.relocate(".text", at, kind, symbol, addend);
        }
        make.relocate(".data", 8, R_64, "shared", 0);
        make.relocate(".data", 16, R_64, ".rodata.str1.1", 0);
        make.relocate("__param", 0, R_64, ".rodata.str1.1", 6);
        make.relocate("__param", 16, R_64, "param_ops_int", 0);
        make.relocate("__param", 32, R_64, DATA, 48);
        make.relocate(".debug_info", 4, R_64, "shared", 0);
        make.relocate(".debug_info", 12, R_32, DATA, 16);
        make
    }

    /// A little one: two variables, one use.
    pub fn small(name: &str) -> Self {
        let mut make = Self::bare(name);
        make.section(".text", CODE, 16, &[0; 16]);
        make.section(DATA, WRITABLE, 8, &[0; 16]);
        make.file("foo.c");
        make.local("first", DATA, 0, 8);
        make.local("second", DATA, 8, 8);
        make.relocate(".text", 4, R_PC32, DATA, 4);
        make
    }

    fn persistent(&mut self) {
        self.section(DATA, WRITABLE, 32, &[0; 64]);
        let index = self.section(BSS, WRITABLE, 64, &[]);
        self.object.sections[index].kind = SectionKind::NOBITS;
        self.object.sections[index].size = 4096;
        self.file("foo.c");
        self.local("stats", DATA, 0, 16);
        self.local("list", DATA, 16, 16);
        self.file("bar.c");
        self.local("table", BSS, 0, 4096);
        self.local("stats", DATA, 48, 16);
        self.global("shared", DATA, SymbolKind::OBJECT, 32, 8);
        self.global("clock", DATA, SymbolKind::OBJECT, 40, 8);
        self.undefined("jiffies");
        self.relocate(DATA, 16, R_64, DATA, 16);
        self.relocate(DATA, 24, R_64, "list", 0);
        self.relocate(DATA, 40, R_64, "jiffies", 0);
    }

    /// Adds a section and a symbol for it; its index.
    pub fn section(&mut self, name: &str, flags: u64, align: u64, data: &[u8]) -> usize {
        self.object.sections.push(Section::with_data(
            name,
            SectionKind::PROGBITS,
            flags,
            align,
            data.to_vec(),
        ));
        let index = self.object.sections.len() - 1;
        self.symbols.push(Symbol::of_section(index));
        index
    }

    pub fn note(&mut self, name: &str, data: Vec<u8>) {
        let index = self.section(name, flags::ALLOC, 4, &data);
        self.object.sections[index].kind = SectionKind::NOTE;
    }

    /// Gives the module a build id of this byte, twenty times.
    pub fn build_id(&mut self, byte: u8) {
        let id = note::encode(b"GNU", 3, &[byte; 20], ByteOrder::Little);
        if self.object.section(".note.gnu.build-id").is_some() {
            self.change(".note.gnu.build-id", |section| section.set_data(id));
        } else {
            self.note(".note.gnu.build-id", id);
        }
    }

    /// Makes the module depend on these.
    pub fn depends(&mut self, names: &[&str]) {
        let depends = format!("\0depends={}\0", names.join(","));
        self.change(MODINFO, |section| {
            let text = String::from_utf8_lossy(&section.data).replace("\0depends=\0", &depends);
            section.set_data(text.into_bytes());
        });
    }

    /// Both forms of the version table.
    pub fn versions(&mut self, names: &[&str]) {
        let ident = self.object.ident;
        let mut basic = Versions::parse(&[], ident.class, ident.order).unwrap();
        let mut extended = ExtendedVersions::parse(&[], b"\0", ident.order).unwrap();
        for name in names {
            basic.push(name.as_bytes(), 0x1234).unwrap();
            extended.push(name.as_bytes(), 0x1234).unwrap();
        }
        self.section("__versions", flags::ALLOC, 32, &basic.into_bytes());
        let (crcs, names) = extended.into_bytes();
        self.section("__version_ext_crcs", flags::ALLOC, 4, &crcs);
        self.section("__version_ext_names", flags::ALLOC, 1, &names);
    }

    pub fn file(&mut self, name: &str) {
        self.symbols.push(Symbol {
            name: name.as_bytes().to_vec().into(),
            kind: SymbolKind::FILE,
            place: Place::Absolute,
            ..Symbol::null()
        });
    }

    pub fn local(&mut self, name: &str, section: &str, value: u64, size: u64) {
        let place = Place::Section(self.index(section));
        let name = name.as_bytes().to_vec().into();
        self.symbols.push(Symbol { name, kind: SymbolKind::OBJECT, place, value, size, ..Symbol::null() });
    }

    pub fn global(&mut self, name: &str, section: &str, kind: SymbolKind, value: u64, size: u64) {
        self.local(name, section, value, size);
        let symbol = self.symbols.last_mut().unwrap();
        symbol.binding = Binding::Global;
        symbol.kind = kind;
    }

    pub fn undefined(&mut self, name: &str) {
        self.symbols.push(Symbol::undefined(name));
    }

    pub fn index(&self, section: &str) -> usize {
        self.object.section(section).unwrap().0
    }

    /// Changes a section.
    pub fn change(&mut self, section: &str, change: impl FnOnce(&mut Section<'static>)) {
        let index = self.index(section);
        change(&mut self.object.sections[index]);
    }

    /// Changes every symbol that the test does not drop. Relocations of those that it drops go, too.
    pub fn symbols(&mut self, mut keep: impl FnMut(&mut Symbol<'static>) -> bool) {
        let kept: Vec<bool> = self.symbols.iter_mut().map(&mut keep).collect();
        self.relocations.retain(|(_, relocation)| kept[relocation.symbol]);
        for (_, relocation) in &mut self.relocations {
            relocation.symbol = kept[..relocation.symbol].iter().filter(|kept| **kept).count();
        }
        let mut kept = kept.into_iter();
        self.symbols.retain(|_| kept.next().unwrap());
    }

    /// A relocation against the first symbol of that name, or the section of that name.
    pub fn relocate(&mut self, section: &str, offset: u64, kind: u32, symbol: &str, addend: i64) {
        let of_section = self.object.section(symbol).map(|(index, _)| Place::Section(index));
        let symbol = self.symbols.iter().position(|known| match of_section {
            Some(place) => known.kind == SymbolKind::SECTION && known.place == place,
            None => &*known.name == symbol.as_bytes(),
        });
        let relocation = Relocation { offset, symbol: symbol.unwrap(), kind, addend };
        self.relocations.push((self.index(section), relocation));
    }

    /// Takes away the relocations of one section.
    pub fn without_relocations(&mut self, section: &str) {
        let index = self.index(section);
        self.relocations.retain(|(target, _)| *target != index);
    }

    /// Relocation tables in the other form or for another machine.
    pub fn machine(&mut self, ident: Ident, form: RelocationForm) {
        self.object.ident = ident;
        self.form = form;
    }

    pub fn object(&self) -> Object<'static> {
        let mut object = self.object.clone();
        let mut order: Vec<usize> = (0..self.symbols.len()).collect();
        order.sort_by_key(|index| self.symbols[*index].binding != Binding::Local);
        object.symbols.extend(order.iter().map(|index| self.symbols[*index].clone()));
        let moved = |old: usize| order.iter().position(|index| *index == old).unwrap() + 1;
        let symtab = object.symtab().unwrap();
        for target in 1..self.object.sections.len() {
            let of_target = self.relocations.iter().filter(|(section, _)| *section == target);
            let list: Vec<Relocation> = of_target
                .map(|(_, relocation)| Relocation { symbol: moved(relocation.symbol), ..*relocation })
                .collect();
            if !list.is_empty() {
                object.add_relocations(target, symtab, self.form, &list).unwrap();
            }
        }
        object
    }

    pub fn build(&self) -> Vec<u8> {
        self.object().write().unwrap()
    }
}

/// The file with something that looks like a signature after it.
pub fn signed(file: &[u8]) -> Vec<u8> {
    [file, b"\x30\x03sig", &[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 5], MAGIC].concat()
}

pub fn parse(file: &[u8]) -> Module<'_> {
    Module::parse(file).unwrap()
}

/// The inventory of a module that has one.
pub fn inventory(module: &Module<'_>) -> Inventory {
    Inventory::of(&module.object, &module.name, module.build_id.as_deref(), &[]).unwrap().unwrap()
}
