//! The system allocator's habits.

/// Lets the allocator keep what is freed for the next batch, instead of giving it back to the system
/// and faulting it in again page by page: on the paper's network that halves the time of an epoch.
/// Resident memory stays at its peak. Call it once, before threads start. Without effect where the
/// allocator is not glibc's.
pub fn reuse_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let settings = [
            // No allocation of its own mapping; nothing trimmed off the heap's end; one heap, since those
            // of other threads can't hold a tensor of more than 64 MB.
            (libc::M_MMAP_THRESHOLD, i32::MAX),
            (libc::M_TRIM_THRESHOLD, i32::MAX),
            (libc::M_TOP_PAD, 64 << 20),
            (libc::M_ARENA_MAX, 1),
        ];
        for (name, value) in settings {
            #[expect(unsafe_code, reason = "the allocator's own interface")]
            // SAFETY: `mallopt` takes two integers, sets a parameter of the allocator and touches no
            // memory of ours; a parameter that it does not know is refused and changes nothing.
            unsafe {
                libc::mallopt(name, value)
            };
        }
    }
}
