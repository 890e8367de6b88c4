//! Generalized advantage estimation against closed forms.

use innate_core::objective::{Gae, Returns};

use super::{assert_near, path};

/// Rows of `steps` steps with numbers of every size.
pub(crate) struct Rows {
    pub(crate) steps: usize,
    pub(crate) rewards: Vec<f32>,
    pub(crate) values: Vec<f32>,
    pub(crate) ends: Vec<u8>,
    pub(crate) last_values: Vec<f32>,
}

impl Rows {
    fn new(rows: usize, steps: usize) -> Self {
        let numbers = |stride: usize, count: usize| (0..count).map(|i| ((i * stride) % 23) as f32 / 7.0 - 1.5).collect();
        Self {
            steps,
            rewards: numbers(5, rows * steps),
            values: numbers(11, rows * steps),
            ends: vec![0; rows * steps],
            last_values: numbers(3, rows),
        }
    }

    fn view(&self) -> Returns<'_> {
        let Self { steps, rewards, values, ends, last_values } = self;
        Returns { steps: *steps, rewards, values, ends, last_values }
    }

    fn write(&self, gamma: f64, lambda: f64) -> (Vec<f32>, Vec<f32>) {
        let (mut advantages, mut targets) = (vec![f32::NAN; self.rewards.len()], vec![f32::NAN; self.rewards.len()]);
        Gae { gamma, lambda }.write(&self.view(), &mut advantages, &mut targets).unwrap();
        (advantages, targets)
    }

    /// Σ_k (γλ)^k·δ_{t+k} up to the end of the episode: the definition, a sum a step.
    pub(crate) fn defined(&self, gamma: f64, lambda: f64) -> Vec<f64> {
        let of = |values: &[f32], at: usize| f64::from(values[at]);
        (0..self.rewards.len())
            .map(|first| {
                let (row, mut sum) = (first / self.steps, 0.0);
                for at in first..(row + 1) * self.steps {
                    let next = match (self.ends[at], (at + 1) % self.steps) {
                        (1, _) => 0.0,
                        (_, 0) => of(&self.last_values, row),
                        _ => of(&self.values, at + 1),
                    };
                    let delta = of(&self.rewards, at) + gamma * next - of(&self.values, at);
                    sum += (gamma * lambda).powi((at - first) as i32) * delta;
                    if self.ends[at] == 1 {
                        break;
                    }
                }
                sum
            })
            .collect()
    }
}

#[test]
fn advantages_are_the_definitions_with_an_end_at_every_position() {
    for (gamma, lambda) in [(0.9, 0.8), (0.99, 0.0), (0.9, 1.0), (1.0, 1.0), (0.0, 0.5), (1.0, 0.0)] {
        for end in 0..=6 {
            let mut rows = Rows::new(3, 6);
            if end < 6 {
                rows.ends[6 + end] = 1;
            }
            let (advantages, targets) = rows.write(gamma, lambda);
            let expected = rows.defined(gamma, lambda);
            assert_near(&format!("γ {gamma}, λ {lambda}, end {end}"), &advantages, &expected, 1e-6);
            let fitted: Vec<f64> = expected.iter().zip(&rows.values).map(|(a, &v)| a + f64::from(v)).collect();
            assert_near("targets", &targets, &fitted, 1e-6);
        }
    }
}

/// What comes after an end changes nothing before it, and what is pending nothing of an ended row.
#[test]
fn nothing_crosses_an_end() {
    let mut rows = Rows::new(1, 6);
    rows.ends = vec![0, 0, 1, 0, 0, 1];
    let (before, _) = rows.write(0.9, 0.8);
    rows.last_values[0] = 1e6;
    let (pending, _) = rows.write(0.9, 0.8);
    assert_eq!(pending, before);
    (rows.rewards[3], rows.values[3]) = (1e6, -1e6);
    let (after, _) = rows.write(0.9, 0.8);
    assert_eq!(after[..3], before[..3]);
}

#[test]
fn lambda_one_is_the_return_and_lambda_zero_the_error_of_one_step() {
    let gamma = 0.95;
    let mut rows = Rows::new(2, 5);
    rows.ends[5 + 2] = 1;
    let (whole, _) = rows.write(gamma, 1.0);
    let expected = |row: usize, t: usize| {
        let (end, last) = if row == 1 && t <= 2 { (3, 0.0) } else { (5, f64::from(rows.last_values[row])) };
        let paid: f64 = (t..end).map(|k| gamma.powi((k - t) as i32) * f64::from(rows.rewards[row * 5 + k])).sum();
        paid + gamma.powi((end - t) as i32) * last - f64::from(rows.values[row * 5 + t])
    };
    let all: Vec<f64> = (0..10).map(|at| expected(at / 5, at % 5)).collect();
    assert_near("λ 1", &whole, &all, 1e-6);
    let (single, _) = rows.write(gamma, 0.0);
    let error = |at: usize| {
        let next = if at % 5 == 4 { rows.last_values[at / 5] } else { rows.values[at + 1] };
        let next = if rows.ends[at] == 1 { 0.0 } else { next };
        f64::from(rows.rewards[at]) + gamma * f64::from(next) - f64::from(rows.values[at])
    };
    assert_near("λ 0", &single, &(0..10).map(error).collect::<Vec<_>>(), 1e-6);
}

/// A critic that says 1/(1 − γ) of a reward of 1 for ever is right everywhere, whatever a time limit cuts off.
#[test]
fn a_constant_reward_under_a_time_limit_is_worth_its_series() {
    let gamma = 0.9;
    let worth = 1.0 / (1.0 - gamma);
    for limit in 1..7 {
        let mut rows = Rows::new(2, 6);
        rows.values.fill(worth as f32);
        rows.last_values.fill(worth as f32);
        for at in 0..12 {
            rows.ends[at] = u8::from(at % 6 % limit == limit - 1);
            rows.rewards[at] = if rows.ends[at] == 1 { (1.0 + gamma * worth) as f32 } else { 1.0 };
        }
        let (advantages, targets) = rows.write(gamma, 0.95);
        assert_near("advantages", &advantages, &[0.0; 12], 1e-5);
        assert_near("targets", &targets, &[worth; 12], 1e-6);
    }
}

#[test]
fn nothing_is_broadcast() {
    type Spoil = fn(&mut Rows);
    let cases: [(&str, Spoil); 6] = [
        ("rewards", |rows| rows.rewards.truncate(2)),
        ("values", |rows| rows.values.truncate(1)),
        ("values", |rows| rows.values.push(0.0)),
        ("ends", |rows| rows.ends.truncate(4)),
        ("rewards", |rows| rows.last_values.truncate(1)),
        ("rewards", |rows| rows.steps = 3),
    ];
    for (expected, spoil) in cases {
        let mut rows = Rows::new(2, 4);
        spoil(&mut rows);
        let (mut advantages, mut targets) = ([0.0; 8], [0.0; 8]);
        let gae = Gae { gamma: 0.9, lambda: 0.9 };
        assert_eq!(path(gae.write(&rows.view(), &mut advantages, &mut targets)), expected);
    }
    let (rows, gae) = (Rows::new(2, 4), Gae { gamma: 0.9, lambda: 0.9 });
    assert_eq!(path(gae.write(&rows.view(), &mut [0.0; 2], &mut [0.0; 8])), "advantages");
    assert_eq!(path(gae.write(&rows.view(), &mut [0.0; 8], &mut [0.0; 9])), "targets");
}

#[test]
fn a_discount_is_a_share() {
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(path(Gae { gamma: bad, lambda: 0.5 }.validate()), "gamma");
        assert_eq!(path(Gae { gamma: 0.5, lambda: bad }.validate()), "gaeLambda");
    }
    for good in [0.0, 0.5, 1.0] {
        Gae { gamma: good, lambda: good }.validate().unwrap();
    }
}
