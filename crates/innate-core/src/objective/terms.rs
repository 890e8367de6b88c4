//! What is reported of an update.

/// The terms of a loss.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Terms {
    /// `policy_loss + value_coef·value_loss − entropy_coef·entropy + kl_coef·reference_kl`.
    pub loss: f64,
    /// The policy's term.
    pub policy_loss: f64,
    /// Mean squared error of the values, before its coefficient.
    pub value_loss: f64,
    /// Mean entropy over steps that count; at least 0.
    pub entropy: f64,
    /// Mean of ρ − 1 − log ρ, an estimate of KL(π_old ‖ π) (Schulman, 2020); 0 without old log-probabilities.
    pub approx_kl: f64,
    /// Share of steps whose ratio is beyond the clip range; 0 without old log-probabilities.
    pub clip_fraction: f64,
    /// Mean of r − log r − 1, an estimate of KL(π ‖ π_ref); 0 without a reference.
    pub reference_kl: f64,
    /// 1 − Var(target − estimate)/Var(target); NaN when all targets are equal.
    pub explained_variance: f64,
}

/// Sums over the steps of some rows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) policy: f64,
    pub(crate) value: f64,
    pub(crate) entropy: f64,
    pub(crate) kl: f64,
    pub(crate) clipped: f64,
    pub(crate) reference_kl: f64,
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.policy += other.policy;
        self.value += other.value;
        self.entropy += other.entropy;
        self.kl += other.kl;
        self.clipped += other.clipped;
        self.reference_kl += other.reference_kl;
    }
}

/// Running weighted mean and sum of squares about it (Welford).
#[derive(Default)]
pub(crate) struct Moments {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, x: f64, weight: f64) {
        if weight > 0.0 {
            self.weight += weight;
            let delta = x - self.mean;
            self.mean += weight * delta / self.weight;
            self.squares += weight * delta * (x - self.mean);
        }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    pub(crate) fn variance(&self) -> f64 {
        self.squares / self.weight
    }
}
