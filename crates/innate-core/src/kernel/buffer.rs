//! Memory that starts on a cache line, so that a vector never straddles two.

use crate::error::Result;
use crate::memory;

/// A growable block of f32 aligned to 64 bytes.
#[derive(Default)]
pub(crate) struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "read through the slice that covers it")] [f32; 16]);

impl Buffer {
    /// `len` zeros.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) when the system has no more.
    pub(crate) fn zeros(len: usize) -> Result<Self> {
        let mut buffer = Self::default();
        buffer.grow(len)?;
        Ok(buffer)
    }

    /// Makes room for at least `len` floats. What was there stays; what is new is zero.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) when the system has no more; then nothing changed.
    pub(crate) fn grow(&mut self, len: usize) -> Result<()> {
        if len > self.len {
            let lines = len.div_ceil(16);
            memory::reserve(&mut self.lines, lines)?;
            self.lines.resize(lines, Line([0.0; 16]));
            self.len = len;
        }
        Ok(())
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<Line>()
    }
}

impl std::ops::Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is sixteen floats without padding, and `len` is within the lines.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl std::ops::DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
