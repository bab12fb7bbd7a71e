//! A mutual exclusion lock without std.
//!
//! The core has no threads of its own, but a [`crate::migrate::Job`] may be worked on by
//! several of the caller's. Not for use in signal handlers. Waiting leaves errno as it was.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use super::answer;

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and other threads may sleep until it is free.
const AWAITED: u32 = 2;

/// A value that one thread at a time may use.
#[derive(Debug, Default)]
pub(crate) struct Lock<T> {
    state: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through a guard only, of which there is one at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Lock<T> {
        Lock {
            state: AtomicU32::new(FREE),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free and takes it.
    pub(crate) fn take(&self) -> Guard<'_, T> {
        if self
            .state
            .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            // A thread that has slept does not know whether others sleep, so it leaves AWAITED behind.
            while self.state.swap(AWAITED, Ordering::Acquire) != FREE {
                self.futex(libc::FUTEX_WAIT, AWAITED);
            }
        }
        Guard { lock: self }
    }

    fn futex(&self, operation: i32, value: u32) {
        // SAFETY: the kernel compares the word, which outlives the call, or wakes sleepers on
        // it; the caller looks at the word again, whether the call fails or not.
        let _ = answer(|| unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.state.as_ptr(),
                operation | libc::FUTEX_PRIVATE_FLAG,
                value,
                ptr::null::<libc::timespec>(),
            )
        });
    }
}

/// The right to use the value, until dropped.
pub(crate) struct Guard<'a, T> {
    lock: &'a Lock<T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the only one, and borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if self.lock.state.swap(FREE, Ordering::Release) == AWAITED {
            self.lock.futex(libc::FUTEX_WAKE, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;

    #[test]
    fn one_at_a_time() {
        let lock = Lock::new(0u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let mut value = lock.take();
                        let read = *value;
                        core::hint::spin_loop();
                        *value = read + 1;
                    }
                });
            }
        });
        assert_eq!(*lock.take(), 80_000);
    }

    #[test]
    fn waiting_leaves_errno() {
        let lock = Lock::new(());
        Errno::ERANGE.set();
        // It is free, so this returns at once, with EAGAIN.
        lock.futex(libc::FUTEX_WAIT, AWAITED);
        assert_eq!(Errno::last(), Errno::ERANGE);
    }
}
