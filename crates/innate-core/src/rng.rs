//! Counter-based random numbers: a draw is a pure function of (seed, stream, counter), so it is the same whatever thread asks for it,
//! and the whole state of a stream is two integers.
//!
//! Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Independent streams under one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Initial weights.
    Init = 0x494E_4954,
    /// Actions sampled by an agent's rollouts.
    Actions = 0x4143_5453,
    /// Actions sampled by a session.
    Session = 0x5345_5353,
    /// The order of rows in an update's minibatches.
    Minibatches = 0x4D49_4E49,
}

/// Ten rounds of Philox4x32 on `counter` under `key`.
#[inline]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(MULTIPLIER[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIER[1]) * u64::from(counter[2]);
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// A uniform in `[0, 1)` with 24 bits, from one 32-bit word.
#[inline]
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The seed of a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    #[inline]
    fn key(self, stream: Stream) -> [u32; 2] {
        [self.0 as u32, (self.0 >> 32) as u32 ^ stream as u32]
    }

    /// The uniform that chooses the action of `row` at `step` in rollout number `rollout` of an agent.
    #[inline]
    pub fn action_uniform(self, rollout: u64, row: usize, step: usize) -> f32 {
        self.uniform(Stream::Actions, rollout, row, step)
    }

    /// The uniform of `row` at `step` in sequence number `sequence` of a stream.
    #[inline]
    pub fn uniform(self, stream: Stream, sequence: u64, row: usize, step: usize) -> f32 {
        let words = philox([row as u32, (step / 4) as u32, sequence as u32, (sequence >> 32) as u32], self.key(stream));
        unit(words[step % 4])
    }

    /// Fills `out` with uniforms in `[-bound, bound)`. `tensor` numbers the weight being filled.
    pub fn fill_uniform(self, tensor: u32, bound: f32, out: &mut [f32]) {
        for (block, chunk) in out.chunks_mut(4).enumerate() {
            let words = philox([block as u32, 0, tensor, 0], self.key(Stream::Init));
            for (value, word) in chunk.iter_mut().zip(words) {
                *value = (unit(word) * 2.0 - 1.0) * bound;
            }
        }
    }

    /// Fills `out` with standard normals (Box-Muller). `tensor` numbers the weight being filled.
    pub fn fill_normal(self, tensor: u32, out: &mut [f32]) {
        for (block, chunk) in out.chunks_mut(2).enumerate() {
            let words = philox([block as u32, 0, tensor, 1], self.key(Stream::Init));
            let radius = (-2.0 * (1.0 - f64::from(unit(words[0]))).ln()).sqrt();
            let angle = std::f64::consts::TAU * f64::from(unit(words[1]));
            chunk[0] = (radius * angle.cos()) as f32;
            if let Some(second) = chunk.get_mut(1) {
                *second = (radius * angle.sin()) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers from the Random123 distribution (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_matches_the_published_vectors() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn uniforms_and_normals_have_their_moments() {
        let mut values = vec![0.0; 100_000];
        Seed(7).fill_uniform(0, 1.0, &mut values);
        let mean = values.iter().sum::<f32>() / 1e5;
        let var = values.iter().map(|x| x * x).sum::<f32>() / 1e5;
        assert!(mean.abs() < 0.01 && (var - 1.0 / 3.0).abs() < 0.01, "{mean} {var}");
        Seed(7).fill_normal(0, &mut values);
        let mean = values.iter().sum::<f32>() / 1e5;
        let var = values.iter().map(|x| x * x).sum::<f32>() / 1e5;
        assert!(mean.abs() < 0.02 && (var - 1.0).abs() < 0.02, "{mean} {var}");
    }
    #[test]
    fn every_stream_is_a_key_of_its_own() {
        let seed = Seed(0x0123_4567_89ab_cdef);
        for (stream, key) in [(Stream::Actions, 0x0123_4567 ^ 0x4143_5453), (Stream::Session, 0x0123_4567 ^ 0x5345_5353)] {
            for (sequence, row, step) in [(0, 0, 0), (3, 5, 2), (1 << 40 | 9, 70, 11)] {
                let words = philox([row as u32, (step / 4) as u32, sequence as u32, (sequence >> 32) as u32], [0x89ab_cdef, key]);
                let expected = (words[step % 4] >> 8) as f32 / 16_777_216.0;
                assert_eq!(seed.uniform(stream, sequence, row, step).to_bits(), expected.to_bits());
            }
        }
        assert_eq!(seed.action_uniform(3, 5, 2).to_bits(), seed.uniform(Stream::Actions, 3, 5, 2).to_bits());
    }
}
