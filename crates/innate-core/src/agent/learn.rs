//! Learning from a rollout in epochs of minibatches.

use std::sync::Arc;

use super::{Agent, Lesson};
use crate::collect::{Collected, Collector, CollectorConfig, Recording};
use crate::engine::fused::Weights;
use crate::error::{Error, Result};
use crate::model::Pooling;
use crate::objective::{Moments, Objective, Reduction, Targets, Terms, explained_variance};
use crate::optimizer::{OptimizerConfig, check_all, positive};
use crate::rng::{Seed, Stream};

/// Added to the deviation of advantages.
const EPSILON: f64 = 1e-8;
/// Advantages whose deviation is not beyond this part of their mean differ by rounding alone.
const ROUNDING: f64 = 1e-6;

/// How a rollout is learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnConfig {
    /// Times that all rows are gone through.
    pub epochs: usize,
    /// Parts that the rows are cut into, each a step of the optimizer; at most one a row.
    pub minibatches: usize,
    /// Whether advantages of a minibatch are brought to mean 0 and deviation 1.
    pub normalize_advantage: bool,
    /// Whether the loss is of the ratio to the probabilities that the actions were chosen with; otherwise of the present ones.
    pub ratio: bool,
    /// The Kullback-Leibler divergence beyond 1.5 times of which learning from this rollout stops; infinity: none.
    pub target_kl: f64,
    /// How losses are weighed.
    pub objective: Objective,
    /// How a gradient becomes a step.
    pub optimizer: OptimizerConfig,
}

impl Default for LearnConfig {
    fn default() -> Self {
        Self {
            epochs: 4,
            minibatches: 4,
            normalize_advantage: true,
            ratio: true,
            target_kl: f64::INFINITY,
            objective: Objective { reduction: Reduction::Step, ..Objective::default() }.clipped(0.2),
            optimizer: OptimizerConfig::default(),
        }
    }
}

/// What learning from a rollout says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learned {
    /// The terms, a mean over the minibatches gone through; how much of the variance of the value targets the values of the rollout explain.
    pub terms: Terms,
    /// The gradient's norm before clipping, a mean over steps of the optimizer.
    pub grad_norm: f64,
    /// Steps of the optimizer.
    pub updates: usize,
    /// Whether the divergence stopped it.
    pub stopped: bool,
    /// The divergence on the first minibatch, before any step: 0 but for rounding.
    pub first_approx_kl: f64,
    /// The policy's term of what was learned from beside it, a mean over the minibatches; absent: nothing was.
    pub beside: Option<f64>,
}

impl LearnConfig {
    /// Refuses what nothing can be learned with, naming the first bad field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field's name as path.
    pub fn validate(&self) -> Result<()> {
        for (path, value) in [("updateEpochs", self.epochs), ("minibatches", self.minibatches)] {
            if value == 0 || value > 1 << 20 {
                return Err(Error::invalid(path, format!("must be between 1 and {}, got {value}", 1 << 20)));
            }
        }
        let target = self.target_kl;
        check_all([("targetKl", target, positive(target), "a 32-bit number above 0; Infinity turns it off")])?;
        self.objective.validate()?;
        self.optimizer.validate()
    }
}

impl Agent {
    /// Rows that are stepped by the present weights and written down. It takes the next number of the stream of actions.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad option, [`Error::Memory`] when there is no memory.
    pub fn collector(&mut self, config: CollectorConfig) -> Result<Collector> {
        let weights = self.engine.weights()?;
        let collector = Collector::new(weights, &self.rollout, (self.seed, self.rollouts), config, self.normalizer.clone())?;
        self.rollouts += 1;
        Ok(collector)
    }

    /// Rows that go on where those of [`Collector::carried`] were, by the present weights and statistics. The stream of actions stays where it is.
    ///
    /// # Errors
    /// As [`Agent::collector`], and [`Error::Invalid`] for bytes that are not of such rows.
    pub fn carried_collector(&mut self, config: CollectorConfig, carried: &[u8]) -> Result<Collector> {
        let weights = self.engine.weights()?;
        let mut collector = Collector::new(weights, &self.rollout, (self.seed, self.rollouts), config, self.normalizer.clone())?;
        collector.carry_on(carried)?;
        Ok(collector)
    }

    /// Learns from a rollout, and takes its statistics over. Whether it succeeds or not, the stream of actions goes on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bad option or a rollout of another model, [`Error::NonFinite`] when a loss, gradient or weight is; the steps
    /// before it were taken.
    pub fn learn(&mut self, collected: &Collected, config: &LearnConfig) -> Result<Learned> {
        self.learn_beside(collected, config, None)
    }

    /// The same, with the gradient of another lesson in each step: its rows are cut into as many parts as the rollout's, in their order, and each
    /// minibatch has the part of its number.
    ///
    /// # Errors
    /// As [`Agent::learn`], for the other lesson too.
    pub fn learn_beside(&mut self, collected: &Collected, config: &LearnConfig, beside: Option<&Lesson<'_>>) -> Result<Learned> {
        self.rollouts += 1;
        self.check_none_waits()?;
        config.validate()?;
        let rollout = self.rollout_spec();
        let Recording { rows, .. } = collected.recording;
        let data = collected.recording.trajectories(&rollout);
        let targets = collected.recording.targets();
        data.check(&self.model)?;
        targets.check(&data)?;
        if let Some(Lesson { data, targets, objective }) = beside {
            objective.validate()?;
            data.check(&self.model)?;
            targets.check(data)?;
        }
        let count = config.minibatches.min(rows);
        if count > 1 && self.model.pooling() == Some(Pooling::Batch) {
            return Err(Error::invalid("minibatches", "must be 1: the model pools the contexts of the whole batch"));
        }
        self.normalizer = collected.normalizer.clone();
        let mut order: Vec<u32> = (0..rows as u32).collect();
        let mut sum = Sum::default();
        'epochs: for epoch in 0..config.epochs {
            if count > 1 {
                shuffle(&mut order, self.seed, self.rollouts, epoch);
            }
            for part in 0..count {
                let rows = &order[part * rows / count..(part + 1) * rows / count];
                let chosen = data.select(rows)?;
                if chosen.counted() == 0.0 {
                    continue;
                }
                let mut judged = targets.select(data.rows, rows);
                if config.normalize_advantage {
                    normalize(judged.advantages_mut(), chosen.weights.as_deref());
                }
                collected.recording.silence(rows, judged.advantages_mut());
                let targets = judged.view();
                let targets = if config.ratio { targets } else { Targets { old_log_probs: None, ..targets } };
                let terms = self.engine.accumulate(&chosen, &targets, &config.objective)?;
                sum.add(&terms);
                if terms.approx_kl > 1.5 * config.target_kl {
                    self.engine.clear_gradient();
                    sum.stopped = true;
                    break 'epochs;
                }
                if let Some(beside) = beside {
                    let part = part * beside.data.rows / count..(part + 1) * beside.data.rows / count;
                    sum.beside(self.accumulate_part(beside, part)?);
                }
                sum.step(self.engine.apply(&config.optimizer)?);
            }
        }
        let (values, steps) = (&collected.recording.values, data.steps());
        Ok(sum.learned(explained_variance(&targets, &data, |row| &values[row * steps..][..data.length(row)])))
    }

    /// The policy's term of some rows of a checked lesson, whose gradient is added to what waits; none of no rows.
    fn accumulate_part(&mut self, lesson: &Lesson<'_>, part: std::ops::Range<usize>) -> Result<Option<f64>> {
        let &Lesson { data, targets, objective } = lesson;
        let rows: Vec<u32> = part.map(|row| row as u32).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let chosen = data.select(&rows)?;
        if chosen.counted() == 0.0 {
            return Ok(None);
        }
        let terms = self.engine.accumulate(&chosen, &targets.select(data.rows, &rows).view(), objective);
        Ok(Some(terms.inspect_err(|_| self.engine.clear_gradient())?.policy_loss))
    }

    /// The weights, and the number in the stream of actions, that a collector goes on with after [`Agent::learn`].
    ///
    /// # Errors
    /// When the device cannot be read, or there is no memory.
    pub fn next_rollout(&mut self) -> Result<(Arc<Weights>, u64)> {
        Ok((self.engine.weights()?, self.rollouts - 1))
    }
}

/// Fisher and Yates, by the stream of minibatches.
fn shuffle(order: &mut [u32], seed: Seed, rollout: u64, epoch: usize) {
    for last in (1..order.len()).rev() {
        let uniform = seed.uniform(Stream::Minibatches, rollout, last, epoch);
        let other = ((f64::from(uniform) * (last + 1) as f64) as usize).min(last);
        order.swap(last, other);
    }
}

/// Brings advantages to mean 0 and deviation 1 over the steps that count.
fn normalize(advantages: &mut [f32], weights: Option<&[f32]>) {
    let mut moments = Moments::default();
    for (index, &advantage) in advantages.iter().enumerate() {
        moments.add(f64::from(advantage), weights.map_or(1.0, |weights| f64::from(weights[index])));
    }
    let (mean, deviation) = (moments.mean(), moments.variance().sqrt());
    let equal = deviation <= ROUNDING * mean.abs();
    for advantage in advantages {
        *advantage = if equal { 0.0 } else { ((f64::from(*advantage) - mean) / (deviation + EPSILON)) as f32 };
    }
}

/// Sums over minibatches.
#[derive(Default)]
struct Sum {
    terms: Terms,
    first_approx_kl: f64,
    minibatches: usize,
    grad_norm: f64,
    updates: usize,
    stopped: bool,
    beside: (f64, usize),
}

impl Sum {
    fn beside(&mut self, policy_loss: Option<f64>) {
        if let Some(policy_loss) = policy_loss {
            self.beside = (self.beside.0 + policy_loss, self.beside.1 + 1);
        }
    }

    fn add(&mut self, terms: &Terms) {
        if self.minibatches == 0 {
            self.first_approx_kl = terms.approx_kl;
        }
        self.minibatches += 1;
        let sum = &mut self.terms;
        sum.loss += terms.loss;
        sum.policy_loss += terms.policy_loss;
        sum.value_loss += terms.value_loss;
        sum.entropy += terms.entropy;
        sum.approx_kl += terms.approx_kl;
        sum.clip_fraction += terms.clip_fraction;
        sum.reference_kl += terms.reference_kl;
    }

    fn step(&mut self, norm: f64) {
        self.grad_norm += norm;
        self.updates += 1;
    }

    fn learned(&self, explained_variance: f64) -> Learned {
        let Terms { loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl, .. } = self.terms;
        let n = self.minibatches.max(1) as f64;
        Learned {
            terms: Terms {
                loss: loss / n,
                policy_loss: policy_loss / n,
                value_loss: value_loss / n,
                entropy: entropy / n,
                approx_kl: approx_kl / n,
                clip_fraction: clip_fraction / n,
                reference_kl: reference_kl / n,
                explained_variance,
            },
            grad_norm: self.grad_norm / self.updates.max(1) as f64,
            updates: self.updates,
            stopped: self.stopped,
            first_approx_kl: self.first_approx_kl,
            beside: (self.beside.1 > 0).then(|| self.beside.0 / self.beside.1 as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each epoch's order is a permutation that follows from seed, rollout and epoch, and from each of them.
    #[test]
    fn the_order_of_rows_is_a_function_of_seed_rollout_and_epoch() {
        let order = |seed: u64, rollout: u64, epoch: usize| {
            let mut order: Vec<u32> = (0..50).collect();
            shuffle(&mut order, Seed(seed), rollout, epoch);
            order
        };
        let first = order(1, 2, 3);
        assert_eq!(order(1, 2, 3), first);
        for other in [order(2, 2, 3), order(1, 3, 3), order(1, 2, 4), order(1, 2, 0)] {
            assert_ne!(other, first);
            let mut sorted = other;
            sorted.sort_unstable();
            assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        }
    }

    /// Over many epochs each row comes to each place about as often.
    #[test]
    fn every_order_is_as_likely() {
        let mut counts = [[0; 4]; 4];
        for epoch in 0..4000 {
            let mut order = [0, 1, 2, 3];
            shuffle(&mut order, Seed(5), 0, epoch);
            order.iter().zip(&mut counts).for_each(|(&row, place)| place[row as usize] += 1);
        }
        assert!(counts.as_flattened().iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }

    #[test]
    fn steps_without_a_weight_do_not_move_the_others_advantages() {
        let mut advantages = [1.0, 100.0, 3.0, -7.0];
        normalize(&mut advantages, Some(&[1.0, 0.0, 1.0, 0.0]));
        assert!((advantages[0] + 1.0).abs() < 1e-6 && (advantages[2] - 1.0).abs() < 1e-6, "{advantages:?}");
        let mut weighed = [1.0, 3.0];
        normalize(&mut weighed, Some(&[3.0, 1.0]));
        // Mean 1.5, variance 0.75.
        assert!((weighed[0] + 0.577_35).abs() < 1e-5 && (weighed[1] - 1.732_05).abs() < 1e-5, "{weighed:?}");
    }

    /// Two roundings of one number are no difference to learn from.
    #[test]
    fn what_differs_by_rounding_is_equal() {
        for mut advantages in [[5.0_f32; 3], [5.0, 5.0_f32.next_up(), 5.0], [-1e20, (-1e20_f32).next_down(), -1e20], [0.0; 3]] {
            normalize(&mut advantages, None);
            assert!(advantages.iter().all(|&x| x == 0.0), "{advantages:?}");
        }
        let mut small = [1e-5, -1e-5];
        normalize(&mut small, None);
        assert!((small[0] - 1.0).abs() < 1e-2, "{small:?}");
    }
}
