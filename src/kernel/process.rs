//! What candle and the system allocator are told before the first thread starts.

/// Makes this process fit for training in slots. Call it once, as the first thing in `main`.
pub fn prepare() {
    keep_candle_out_of_other_slots();
    reuse_freed_memory();
}

/// candle 0.11 spreads element-wise operations over one pool of spinning threads for the whole process,
/// as many as there are cores: slots would wait for one another and take more cores than they were
/// given. With one thread it works where it is called. Who sets the variable decides otherwise.
fn keep_candle_out_of_other_slots() {
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        #[expect(unsafe_code, reason = "candle reads its number of threads from the environment only")]
        // SAFETY: no other thread runs yet that could read the environment at the same time.
        unsafe {
            std::env::set_var(THREADS, "1");
        }
    }
}

/// Lets the allocator keep what is freed for the next batch, instead of giving it back to the system
/// and faulting it in again page by page: on the paper's network that nearly halves the time of an
/// epoch. Resident memory stays at its peak. Without effect where the allocator is not glibc's.
fn reuse_freed_memory() {
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
            // memory of ours. One that it does not know is refused: training is then slower, not wrong.
            unsafe {
                libc::mallopt(name, value);
            }
        }
    }
}
