//! The mapping: anonymous, private, not in core dumps, gone with a `munmap`.

use std::num::NonZeroUsize;
use std::ptr::NonNull;

use argon2::Block;

#[cfg(target_arch = "x86_64")]
use crate::vector::Words;

/// Most memory that one hash may ask for, in KiB: 2 GiB.
pub const KIB_MAX: u32 = 2 * 1024 * 1024;

/// Size and alignment of a huge page on x86-64 and on aarch64 with 4 KiB pages.
const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// Why there is no memory to hash in.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// None, or more than [`KIB_MAX`], was asked for.
    #[error("hash memory of {0} KiB was asked for, possible are 1 to {KIB_MAX}")]
    Size(u32),
    /// The system refused.
    #[error("the system gave no hash memory: {0}")]
    Refused(#[source] std::io::Error),
}

/// Which pages the system promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// Huge pages were asked for and the request was taken (the system may still be short of them).
    Huge,
    /// Ordinary pages: everything works, some percent slower.
    Ordinary,
}

/// Blocks of 1 KiB each for Argon2, reused from hash to hash. Never zeroed in between (the next
/// hash overwrites them), never in a core dump, given back to the system on drop. A page takes room
/// only from its first use on.
#[derive(Debug)]
pub struct Memory {
    mapping: NonNull<libc::c_void>,
    mapped: NonZeroUsize,
    blocks: NonNull<Block>,
    kib: u32,
    pages: Pages,
}

// SAFETY: the mapping belongs to this value alone; nothing in it is tied to a thread.
unsafe impl Send for Memory {}
// SAFETY: a shared reference gives no access to the blocks.
unsafe impl Sync for Memory {}

impl Memory {
    /// Map memory for hashes of up to `kib` KiB.
    pub fn new(kib: u32) -> Result<Self, MemoryError> {
        if kib == 0 || kib > KIB_MAX {
            return Err(MemoryError::Size(kib));
        }
        let wanted = (kib as usize * Block::SIZE).next_multiple_of(HUGE_PAGE);
        // One huge page more, so that the blocks can begin at a huge page's boundary.
        let mapped = NonZeroUsize::MIN.saturating_add(wanted + HUGE_PAGE - 1);
        let mapping = map(mapped)?;
        let offset = mapping.as_ptr().align_offset(HUGE_PAGE);
        // SAFETY: `offset` is less than one huge page, so start and end stay within the mapping.
        let start = unsafe { mapping.byte_add(offset) };
        Ok(Self { mapping, mapped, blocks: start.cast(), kib, pages: advise(start, wanted) })
    }

    /// The blocks, one for each KiB, with whatever the last hash left in them.
    pub fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: `kib` KiB from `blocks` on lie within the mapping (see `new`), aligned to 2 MiB;
        // fresh pages are zeros, which is a valid `Block` (1024 bytes of `u64`), and only blocks
        // are ever written. `&mut self` makes the borrow exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.as_ptr(), self.kib as usize) }
    }

    /// The same blocks, as the kernels see them.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn words(&mut self) -> &mut [Words] {
        // SAFETY: as in `blocks`; `Words` is 1024 bytes of `u64` too, aligned to 64, and all that
        // is ever written through either view are `u64`s.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.as_ptr().cast(), self.kib as usize) }
    }

    /// How many KiB a hash may use here.
    pub const fn kib(&self) -> u32 {
        self.kib
    }

    /// Which pages the system promised.
    pub const fn pages(&self) -> Pages {
        self.pages
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: exactly what `map` gave; nobody can hold a borrow of it any more. The result is
        // of no use: `munmap` fails for wrong arguments only.
        unsafe { libc::munmap(self.mapping.as_ptr(), self.mapped.get()) };
    }
}

fn map(bytes: NonZeroUsize) -> Result<NonNull<libc::c_void>, MemoryError> {
    // SAFETY: a fresh anonymous private mapping touches nothing that exists.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes.get(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(MemoryError::Refused(std::io::Error::last_os_error()));
    }
    NonNull::new(address)
        .ok_or_else(|| MemoryError::Refused(std::io::ErrorKind::OutOfMemory.into()))
}

#[cfg(target_os = "linux")]
fn advise(start: NonNull<libc::c_void>, bytes: usize) -> Pages {
    // SAFETY: both advices are about our own mapping and change no content.
    let (_, huge) = unsafe {
        (
            libc::madvise(start.as_ptr(), bytes, libc::MADV_DONTDUMP),
            libc::madvise(start.as_ptr(), bytes, libc::MADV_HUGEPAGE),
        )
    };
    if huge == 0 { Pages::Huge } else { Pages::Ordinary }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: NonNull<libc::c_void>, _: usize) -> Pages {
    Pages::Ordinary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_can_be_written_and_read_back() {
        let mut memory = Memory::new(19_456).unwrap();
        assert_eq!(memory.blocks().len(), 19_456);
        for (value, block) in (0_u64..).zip(memory.blocks()) {
            block.as_mut()[127] = value;
        }
        assert_eq!(memory.blocks()[19_455].as_ref()[127], 19_455);
        assert_eq!(memory.blocks()[0].as_ref()[0], 0);
    }

    #[test]
    fn a_single_block_is_enough_to_map() {
        assert_eq!(Memory::new(1).unwrap().blocks().len(), 1);
    }

    #[test]
    fn impossible_sizes_are_refused_before_the_system_is_asked() {
        assert!(matches!(Memory::new(0), Err(MemoryError::Size(0))));
        assert!(matches!(Memory::new(KIB_MAX + 1), Err(MemoryError::Size(_))));
    }

    #[test]
    fn memory_moves_to_its_worker() {
        let mut memory = Memory::new(64).unwrap();
        std::thread::spawn(move || memory.blocks()[63].as_mut()[0] = 1).join().unwrap();
    }
}
