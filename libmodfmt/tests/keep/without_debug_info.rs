// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file that a way back needs: without debug information, but with the types of the variables.

use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::persist::{VariableDebugInfo, embed_types};
use libmodfmt::types::{Type, TypeTable};
use modtest::module::{DATA, Make, signed};

const LIMIT: u64 = 1 << 20;

/// A typical module whose first variable has a type, with much debug information.
fn typed() -> Vec<u8> {
    let mut make = Make::typical("foo");
    make.change(".debug_info", |section| section.set_data(vec![0x5a; 64 << 10]));
    let mut object = make.object();
    let mut types = TypeTable::default();
    let number = types.push(Type::Number { name: "long".into(), size: 8, encoding: 5 });
    types.set_held(vec![number]);
    let (section, _) = object.section(DATA).unwrap();
    let mut info = VariableDebugInfo::new(section, 0);
    (info.function, info.type_name) = (Some("probe".into()), Some("long".into()));
    info.type_id = Some(number);
    embed_types(&mut object, &[info], &types);
    object.write().unwrap()
}

fn without_debug_info(file: &ModuleFile) -> ModuleFile {
    let persistent = file.persistent().unwrap().unwrap();
    ModuleFile::new(persistent.inventory().without_debug_info(file.module().unwrap()).unwrap(), LIMIT)
}

#[test]
fn it_is_smaller_and_describes_the_same_data() {
    let content = typed();
    for content in [content.clone(), signed(&content)] {
        let whole = ModuleFile::new(content, LIMIT);
        let small = without_debug_info(&whole);
        assert!(small.content().len() + (60 << 10) < whole.content().len());
        assert!(small.signature().unwrap().is_none());
        assert_eq!(small.module().unwrap().build_id, whole.module().unwrap().build_id);
        let header = |file: &ModuleFile| file.persistent().unwrap().unwrap().header().clone();
        assert_eq!(header(&small), header(&whole));
        assert_eq!(without_debug_info(&small).content(), small.content(), "there is nothing more to take");
    }
}

#[test]
fn the_images_of_it_have_the_same_sections_in_memory() {
    let whole = ModuleFile::new(typed(), LIMIT);
    let small = without_debug_info(&whole);
    let images = |file: &ModuleFile| {
        let persistent = file.persistent().unwrap().unwrap();
        let machine = file.module().unwrap().object.ident.machine;
        let layout = ExportLayout::for_release(machine, Release::parse("6.1.0").unwrap());
        let bindings = Bindings::first(persistent.header());
        [persistent.keeper(&layout, &bindings).unwrap(), persistent.owner(&bindings).unwrap()]
    };
    for (of_whole, of_small) in images(&whole).into_iter().zip(images(&small)) {
        let sections = |image: Vec<u8>| {
            let file = ModuleFile::new(image, LIMIT);
            let sections = file.module().unwrap().object.sections.clone();
            let loaded = sections.into_iter().filter(|section| section.is_alloc());
            loaded.map(|section| (section.name.to_vec(), section.data.to_vec())).collect::<Vec<_>>()
        };
        assert!(sections(of_small) == sections(of_whole));
    }
}
