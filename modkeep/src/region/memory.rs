// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of kept variables, from `/proc/kcore`.

use libmodfmt::persist::{KeptMemory, KeptPlace, KernelBtfBlobs, KernelBtfReader};
use libmodsys::Kernel;

use super::generation::Generation;
use crate::region::Region;

/// What is read of one variable at most, in bytes.
const MAX_VARIABLE_BYTES: u64 = 1 << 30;

/// The memory of a region; of none, if nothing is kept.
pub(crate) struct RegionMemory<'a> {
    /// The kernel.
    pub(crate) kernel: &'a dyn Kernel,
    /// What is kept.
    pub(crate) region: Option<&'a Region>,
    /// Reads the BTF of the kernel, and of the modules that the file to be loaded builds on.
    pub(crate) kernel_btf: Option<KernelBtfReader<'a>>,
}

impl RegionMemory<'_> {
    fn generation(&self, number: u32) -> Option<&Generation> {
        self.region?.generations.iter().find(|generation| generation.header.generation == number)
    }
}

impl KeptMemory for RegionMemory<'_> {
    fn address(&self, generation: u32, ordinal: u32) -> Option<u64> {
        self.generation(generation)?.address(usize::try_from(ordinal).ok()?)
    }

    fn read(&self, place: KeptPlace, size: u64) -> Result<Vec<u8>, String> {
        let base = self.address(place.generation, place.ordinal);
        let address = base.and_then(|base| base.checked_add(place.offset));
        let address = address.ok_or_else(|| "the kernel does not show addresses".to_owned())?;
        let size = usize::try_from(size).ok().filter(|_| size <= MAX_VARIABLE_BYTES);
        let size = size.ok_or_else(|| "a variable is larger than 1 GiB".to_owned())?;
        self.kernel.read_memory(address, size).map_err(|error| error.to_string())
    }

    fn kernel_btf(&self) -> Option<KernelBtfBlobs> {
        self.kernel_btf.and_then(|read| read())
    }
}
