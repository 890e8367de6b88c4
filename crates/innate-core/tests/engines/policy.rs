//! Decisions one step at a time are those of a whole rollout, for every network that an open loop can run.

use innate_core::data::{Observation, Prompts, Sampling, Trajectories};
use innate_core::engine::Engine;
use innate_core::engine::fused::{Fused, Policy, StepOutput};
use innate_core::error::Error;
use innate_core::kernel::simd::Isa;
use innate_core::model::Pooling;
use innate_core::rng::Seed;

use crate::Case;
use crate::shape::Shape;

const ROWS: usize = 70;
const STEPS: usize = 5;

/// 70 rows make three blocks, the last of six.
fn cases() -> impl Iterator<Item = Case> {
    let pooled = [None, Some(Pooling::Own), Some(Pooling::Batch)];
    let reads = [(true, false), (true, true), (false, true)];
    let all = pooled.into_iter().flat_map(move |pooling| reads.map(|(previous, start)| (pooling, previous, start)));
    (1..4).flat_map(move |layers| {
        // Two layers attend to their past: one step back, so that what is held moves to the front on the way.
        let (window, clock) = ((layers == 2).then_some(1), layers > 1);
        let shape = move |(pooling, previous, start)| {
            let shape = Shape { pooling, previous, start, layers, masked: true, ..Shape::plain(31) };
            Shape { window, clock, ..shape }
        };
        let numbered = [(Pooling::Own, false), (Pooling::Batch, false), (Pooling::Own, true)].map(|(pooling, in_order)| {
            let shape = shape((Some(pooling), true, false));
            Shape { values: true, attends: layers != 2, ragged: true, in_order, ..shape }
        });
        all.clone().map(shape).chain(numbered).map(|shape| shape.sized(ROWS, STEPS, 17).case())
    })
}

/// Actions and what is said of them, in bits.
type Step = (Vec<i32>, [Vec<u32>; 3]);

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn step(policy: &mut Policy, sampling: Sampling<'_>) -> Step {
    let (mut actions, mut floats) = (vec![0; ROWS], [(); 3].map(|()| vec![0.0; ROWS]));
    let [log_probs, entropies, values] = &mut floats;
    policy
        .step(&Observation::default(), sampling, &mut StepOutput { actions: &mut actions, log_probs, entropies, values })
        .unwrap();
    (actions, floats.each_ref().map(|of| bits(of)))
}

/// Step `t` of `[n, T]`.
fn column<T: Copy>(values: &[T], t: usize) -> Vec<T> {
    values.iter().skip(t).step_by(STEPS).copied().collect()
}

#[test]
fn a_policy_steps_as_a_rollout_runs() {
    for case in cases() {
        for isa in Isa::available() {
            let mut engine = Fused::with_isa(&case.model, 2, &case.flat, isa).unwrap();
            let mut policy = Policy::new(engine.weights().unwrap(), &case.rollout, ROWS + 10).unwrap();
            let session = Sampling::Session { seed: Seed(5), begun: 1 };
            for sampling in [Sampling::Random { seed: Seed(5), rollout: 2 }, session, Sampling::Greedy] {
                let whole = engine.rollout(case.prompts(), &case.rollout, sampling).unwrap();
                policy.begin(case.prompts()).unwrap();
                for t in 0..STEPS {
                    let (actions, said) = step(&mut policy, sampling);
                    assert_eq!(actions, column(&whole.actions, t), "{isa:?} {:?}", case.model);
                    let expected = [&whole.log_probs, &whole.entropies, &whole.values].map(|of| bits(&column(of, t)));
                    assert_eq!(said, expected, "{isa:?} {:?}", case.model);
                    // Fed what it would have taken in any case.
                    if case.model.reads_previous_action() && sampling == session {
                        policy.feed(&actions).unwrap();
                    }
                }
            }
        }
    }
}

/// Fed other tokens than it chose, a policy says what an evaluation of its actions behind those tokens says.
#[test]
fn what_is_fed_is_what_an_evaluation_reads() {
    let sampling = Sampling::Random { seed: Seed(6), rollout: 0 };
    for case in cases().filter(|case| case.model.reads_previous_action()) {
        let tokens: Vec<Vec<i32>> =
            (0..STEPS).map(|t| (0..ROWS).map(|row| ((row * 5 + t * 3) % case.model.vocabulary) as i32).collect()).collect();
        for isa in Isa::available() {
            let mut engine = Fused::with_isa(&case.model, 2, &case.flat, isa).unwrap();
            let mut policy = Policy::new(engine.weights().unwrap(), &case.rollout, ROWS).unwrap();
            policy.begin(case.prompts()).unwrap();
            let taken: Vec<Step> = tokens
                .iter()
                .map(|tokens| {
                    policy.feed(tokens).unwrap();
                    step(&mut policy, sampling)
                })
                .collect();
            let rows = |of: &dyn Fn(usize, usize) -> i32| -> Vec<i32> {
                (0..ROWS * STEPS).map(|at| of(at / STEPS, at % STEPS)).collect()
            };
            let (actions, inputs) = (rows(&|row, t| taken[t].0[row]), rows(&|row, t| tokens[t][row]));
            let data = Trajectories { inputs: Some(inputs.into()), ..case.acting(&actions) };
            let said = engine.evaluate(&data).unwrap();
            for (t, (_, got)) in taken.iter().enumerate() {
                let expected = [&said.log_probs, &said.entropies, &said.values].map(|of| bits(&column(of, t)));
                assert_eq!(*got, expected, "{isa:?} {:?}", case.model);
            }
        }
    }
}

#[test]
fn what_reads_no_token_is_fed_none() {
    let case = Shape { previous: false, start: true, ..Shape::plain(1) }.case();
    let mut policy = case.policy(3).unwrap();
    policy.begin(case.prompts()).unwrap();
    assert!(matches!(policy.feed(&[0, 0, 0]), Err(Error::Invalid { path, .. }) if path == "tokens"));
}

#[test]
fn a_policy_refuses_what_it_cannot_do() {
    let case = Case::new(15, [7, 2, 5, 3, 2, 4], Pooling::Own, false);
    let path = |error: Error| match error {
        Error::Invalid { path, .. } => path,
        other => panic!("{other:?}"),
    };
    let mut policy = case.policy(2).unwrap();
    let mut out = StepOutput { actions: &mut [0], log_probs: &mut [0.0], entropies: &mut [0.0], values: &mut [0.0] };
    assert_eq!(path(policy.step(&Observation::default(), Sampling::Greedy, &mut out).unwrap_err()), "session");
    assert_eq!(path(policy.begin(case.prompts()).unwrap_err()), "stages");
    policy.begin(Prompts::of(&[1, 2, 3, 4], &[0, 1])).unwrap();
    assert_eq!(path(policy.step(&Observation::default(), Sampling::Greedy, &mut out).unwrap_err()), "output");
    assert_eq!(path(policy.feed(&[1]).unwrap_err()), "tokens");
    assert_eq!(path(policy.feed(&[1, 7]).unwrap_err()), "tokens[1]");
    assert_eq!(path(case.policy(0).map(drop).unwrap_err()), "size");
}
