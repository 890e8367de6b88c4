//! The fused CPU kernels: what a recurrent actor-critic spends its time in, with no allocation and no temporary that is not needed again.
//!
//! [`gru`] is one step of a GRU for a block of rows, forward and backward; [`layer`] a sequence of such steps; [`head`] both linear heads with the distribution over
//! tokens; [`history`] attention over a row's own past; [`matmul`] the products between; [`scaled`] multiples of a vector; [`adam`] the optimizer; [`simd`] what they are written in; [`pool`] where they run. [`cell`] is the step of a GRU that
//! has a kernel on CUDA.

pub(crate) mod adam;
pub(crate) mod attention;
pub(crate) mod buffer;
pub mod cell;
pub(crate) mod gru;
pub(crate) mod head;
pub(crate) mod history;
pub(crate) mod layer;
pub(crate) mod matmul;
pub(crate) mod pool;
pub mod probe;
pub(crate) mod scaled;
pub mod simd;

#[cfg(test)]
mod tests;
