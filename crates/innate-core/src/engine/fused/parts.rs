//! One mutable slice shared out among tasks in equal blocks.

use std::marker::PhantomData;

/// Blocks of `size` of a slice, the last one shorter.
pub(super) struct Parts<'a, T = f32> {
    start: *mut T,
    len: usize,
    size: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: the slice is borrowed uniquely, and `take` makes each block belong to one task.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub(super) fn new(slice: &'a mut [T], size: usize) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), size, slice: PhantomData }
    }

    /// Block number `index`.
    ///
    /// # Safety
    /// Each block is taken at most once.
    #[allow(clippy::mut_from_ref, reason = "the blocks are disjoint and each is taken once")]
    pub(super) unsafe fn take(&self, index: usize) -> &mut [T] {
        let first = index * self.size;
        assert!(first < self.len);
        // SAFETY: within the slice, and disjoint from every other block.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), self.size.min(self.len - first)) }
    }
}
