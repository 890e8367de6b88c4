//! How a gradient becomes a step: clipping by global norm and Adam, both in PyTorch's arithmetic.

use crate::error::{Error, Result};

/// The options of one step. Defaults are the tutorial's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptimizerConfig {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Global norm that the gradient is clipped to; infinity turns clipping off.
    pub max_grad_norm: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Adam's decay of the second moment.
    pub beta2: f64,
    /// Adam's denominator term.
    pub epsilon: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self { learning_rate: 3e-4, max_grad_norm: 1.0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl OptimizerConfig {
    /// The numbers to set, by the names that [`OptimizerConfig::validate`] calls them by.
    pub fn numbers(&mut self) -> [(&'static str, &mut f64); 5] {
        let Self { learning_rate, max_grad_norm, beta1, beta2, epsilon } = self;
        [
            ("learningRate", learning_rate),
            ("maxGradNorm", max_grad_norm),
            ("beta1", beta1),
            ("beta2", beta2),
            ("epsilon", epsilon),
        ]
    }

    /// Refuses what no step can be made with, naming the first bad field. The kernels compute in f32: what overflows or vanishes there is
    /// refused, whatever it is in f64.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        let Self { learning_rate, max_grad_norm, beta1, beta2, epsilon } = *self;
        let decay = |x: f64| x >= 0.0 && (x as f32) < 1.0;
        check_all([
            ("learningRate", learning_rate, finite(learning_rate) && learning_rate >= 0.0, "a 32-bit number of at least 0"),
            ("maxGradNorm", max_grad_norm, positive(max_grad_norm), "a 32-bit number above 0; Infinity turns clipping off"),
            ("beta1", beta1, decay(beta1), "at least 0 and below 1 in 32 bits"),
            ("beta2", beta2, decay(beta2), "at least 0 and below 1 in 32 bits"),
            ("epsilon", epsilon, finite(epsilon) && positive(epsilon), "a finite 32-bit number above 0"),
        ])
    }

    /// PyTorch's `clip_grad_norm_`: min(1, max/(norm + 1e−6)).
    pub fn clip_coefficient(&self, norm: f64) -> f64 {
        (self.max_grad_norm / (norm + 1e-6)).min(1.0)
    }
}

/// Whether a number is finite in 32 bits.
pub(crate) fn finite(x: f64) -> bool {
    (x as f32).is_finite()
}

/// Whether a number is above 0 in 32 bits.
pub(crate) fn positive(x: f64) -> bool {
    (x as f32) > 0.0
}

/// Refuses the first number, by name, that is not good, with the rule it breaks.
pub(crate) fn check_all<const N: usize>(checks: [(&str, f64, bool, &str); N]) -> Result<()> {
    match checks.into_iter().find(|(_, _, good, _)| !good) {
        Some((path, value, _, rule)) => Err(Error::invalid(path, format!("must be {rule}, got {value}"))),
        None => Ok(()),
    }
}

/// Adam's state, aligned with the flat parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub step: u64,
    /// First moments.
    pub exp_avg: Vec<f32>,
    /// Second moments.
    pub exp_avg_sq: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Objective;

    #[test]
    fn coefficients_are_judged_as_the_kernels_compute_with_them() {
        type Set = fn(&mut (OptimizerConfig, Objective), f64);
        let cases: [(&str, Set, &[f64], &[f64]); 8] = [
            ("learningRate", |c, x| c.0.learning_rate = x, &[1e39, -1e-3, f64::NAN, f64::INFINITY], &[0.0, 1e-60, 3e38]),
            ("maxGradNorm", |c, x| c.0.max_grad_norm = x, &[0.0, -1.0, 1e-50, f64::NAN], &[1e-40, 1e39, f64::INFINITY]),
            ("beta1", |c, x| c.0.beta1 = x, &[1.0, -0.1, 1.0 - 1e-12, f64::NAN], &[0.0, 1e-50, 0.999_999]),
            ("beta2", |c, x| c.0.beta2 = x, &[1.0, -0.1, 1.0 - 1e-12, f64::NAN], &[0.0, 0.999_999_9]),
            ("epsilon", |c, x| c.0.epsilon = x, &[0.0, 1e-46, 1e39, -1e-8, f64::NAN], &[1e-40, 1.0]),
            ("valueCoef", |c, x| c.1.value_coef = x, &[1e39, -1e39, f64::NAN], &[0.0, -1.0, 3e38]),
            ("entropyCoef", |c, x| c.1.entropy_coef = x, &[1e39, f64::NEG_INFINITY], &[0.0, 3e38]),
            ("clipRange", |c, x| c.1.clip_range = x, &[0.0, -0.2, 1e-50, f64::NAN], &[0.2, 1e39, f64::INFINITY]),
        ];
        for (name, set, bad, good) in cases {
            for (&value, ok) in bad.iter().zip(std::iter::repeat(false)).chain(good.iter().zip(std::iter::repeat(true))) {
                let mut configs = (OptimizerConfig::default(), Objective::default());
                set(&mut configs, value);
                match configs.0.validate().and_then(|()| configs.1.validate()) {
                    Ok(()) => assert!(ok, "{name} {value}"),
                    Err(Error::Invalid { path, .. }) => assert!(!ok && path == name, "{name} {value}"),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
}
