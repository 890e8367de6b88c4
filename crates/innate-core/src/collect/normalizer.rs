//! Running statistics of what environments say, and the scale that the network sees it on.

use crate::error::{Error, Result};
use crate::model::ModelSpec;

/// Beyond this many deviations a normalized number is cut off.
pub const LIMIT: f64 = 10.0;
/// Added to variances.
const EPSILON: f64 = 1e-8;
/// Beyond any count and mean of 32-bit numbers, and small enough that none of the sums below overflows.
const LARGEST: f64 = 1e100;

/// Running mean and variance of vectors (Chan, Golub and LeVeque, 1979).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Running {
    /// Vectors so far.
    pub count: f64,
    /// Their mean.
    pub mean: Vec<f64>,
    /// Their variance.
    pub variance: Vec<f64>,
}

impl Running {
    /// Of vectors of `width` numbers, before the first.
    pub fn new(width: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; width], variance: vec![1.0; width] }
    }

    /// Counts those of `rows`, `[n, width]`, of which `counts` says so, all at once.
    pub fn update<T: Copy + Into<f64>>(&mut self, rows: &[T], counts: impl Fn(usize) -> bool) {
        let width = self.mean.len().max(1);
        let n = (0..rows.len() / width).filter(|&row| counts(row)).count() as f64;
        if n == 0.0 {
            return;
        }
        let total = self.count + n;
        for (index, (mean, variance)) in self.mean.iter_mut().zip(&mut self.variance).enumerate() {
            let cells = || rows.iter().skip(index).step_by(width).enumerate();
            let column = || cells().filter(|(row, _)| counts(*row)).map(|(_, &x)| x.into());
            let own = column().sum::<f64>() / n;
            let squares = column().map(|x| (x - own) * (x - own)).sum::<f64>();
            let delta = own - *mean;
            let before = if self.count > 0.0 { *variance * self.count } else { 0.0 };
            *mean += delta * n / total;
            *variance = (before + squares + delta * delta * self.count * n / total) / total;
        }
        self.count = total;
    }

    /// `(x − mean) / √(variance + ε)` of `[n, width]`, at most [`LIMIT`] deviations; as it is before the first update.
    pub fn normalize(&self, rows: &mut [f32]) {
        if self.count > 0.0 {
            for row in rows.chunks_exact_mut(self.mean.len().max(1)) {
                for ((x, mean), variance) in row.iter_mut().zip(&self.mean).zip(&self.variance) {
                    *x = ((f64::from(*x) - mean) / (variance + EPSILON).sqrt()).clamp(-LIMIT, LIMIT) as f32;
                }
            }
        }
    }

    /// Refuses what no statistics are.
    pub(crate) fn check(&self, path: &str, width: usize) -> Result<()> {
        let Self { count, mean, variance } = self;
        if !(0.0..=LARGEST).contains(count) {
            return Err(Error::invalid(format!("{path}.count"), format!("must be between 0 and {LARGEST:e}, got {count}")));
        }
        for (name, values, range) in [("mean", mean, -LARGEST..=LARGEST), ("variance", variance, 0.0..=LARGEST * LARGEST)] {
            if values.len() != width {
                return Err(Error::invalid(format!("{path}.{name}"), format!("must hold {width} numbers, got {}", values.len())));
            }
            if let Some(index) = values.iter().position(|x| !range.contains(x)) {
                return Err(Error::invalid(format!("{path}.{name}[{index}]"), format!("cannot be {}", values[index])));
            }
        }
        Ok(())
    }
}

/// The statistics of an agent: those of observed vectors and those of discounted returns, where they are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Normalizer {
    /// Of the vectors, before they are read.
    pub observations: Option<Running>,
    /// Of the discounted sum of rewards so far, whose deviation rewards are divided by; one number.
    pub returns: Option<Running>,
}

impl Normalizer {
    /// Whether nothing is normalized.
    pub fn is_empty(&self) -> bool {
        self.observations.is_none() && self.returns.is_none()
    }

    /// Refuses what no agent of `model` has.
    pub(crate) fn check(&self, model: &ModelSpec) -> Result<()> {
        if let Some(observations) = &self.observations {
            observations.check("normalization.observations", model.dense())?;
        }
        self.returns.as_ref().map_or(Ok(()), |returns| returns.check("normalization.returns", 1))
    }

    /// Normalizes vectors, where that is asked for.
    pub fn normalize_observations(&self, rows: &mut [f32]) {
        if let Some(observations) = &self.observations {
            observations.normalize(rows);
        }
    }

    /// What rewards are divided by.
    pub fn reward_scale(&self) -> f64 {
        match &self.returns {
            Some(returns) if returns.count > 0.0 => (returns.variance[0] + EPSILON).sqrt(),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the rows are cut, the moments are those of all of them.
    #[test]
    fn moments_are_those_of_all_rows() {
        let rows: Vec<f32> = (0..60).map(|i| ((i * 37 % 19) as f32).mul_add(0.25, 100.0)).collect();
        let mut running = Running::new(3);
        for part in [&rows[..3], &rows[3..30], &rows[30..]] {
            running.update(part, |_| true);
        }
        assert_eq!(running.count.to_bits(), 20_f64.to_bits());
        for index in 0..3 {
            let column: Vec<f64> = rows.iter().skip(index).step_by(3).map(|&x| f64::from(x)).collect();
            let mean = column.iter().sum::<f64>() / 20.0;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20.0;
            assert!((running.mean[index] - mean).abs() < 1e-9);
            assert!((running.variance[index] - variance).abs() < 1e-9);
        }
        let mut normal = rows.clone();
        running.normalize(&mut normal);
        let column: Vec<f64> = normal.iter().step_by(3).map(|&x| f64::from(x)).collect();
        let mean = column.iter().sum::<f64>() / 20.0;
        assert!(mean.abs() < 1e-6 && (column.iter().map(|x| x * x).sum::<f64>() / 20.0 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn what_never_varies_and_what_is_far_away_stay_finite() {
        let mut running = Running::new(1);
        running.update(&[5.0_f32; 8], |_| true);
        let mut far = [5.0, 6.0, f32::MAX, f32::MIN];
        running.normalize(&mut far);
        assert_eq!(far.map(f32::to_bits), [0.0_f32, 10.0, 10.0, -10.0].map(f32::to_bits));
    }

    #[test]
    fn statistics_that_are_none_are_refused() {
        let good = Running { count: 2.0, mean: vec![0.0], variance: vec![0.0] };
        assert!(good.check("observations", 1).is_ok());
        let path = |running: Running| match running.check("o", 1) {
            Err(Error::Invalid { path, .. }) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(path(Running { count: f64::NAN, ..good.clone() }), "o.count");
        assert_eq!(path(Running { mean: vec![], ..good.clone() }), "o.mean");
        assert_eq!(path(Running { mean: vec![f64::INFINITY], ..good.clone() }), "o.mean[0]");
        assert_eq!(path(Running { variance: vec![-1.0], ..good }), "o.variance[0]");
    }
}
