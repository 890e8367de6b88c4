//! What steps are judged by, from values of evaluations that go on where an episode was cut off.

use std::borrow::Cow;

use innate_core::Agent;
use innate_core::data::Trajectories;
use innate_core::objective::Advantages;

use super::gae::Rows;
use super::world::{Log, Shown, World};
use super::{FUSED, GAE, assert_near, config, once, resume, rollout};

const STEPS: usize = 6;

fn then<T: Clone>(of: &[T], count: usize, last: &[T]) -> Cow<'static, [T]> {
    [&of[..count], last].concat().into()
}

/// The value of what `row` observes after its step `t`, having acted.
fn value_after(agent: &mut Agent, data: &Trajectories<'_>, (row, t): (usize, usize), next: &Shown) -> f32 {
    let one = data.select(&[row as u32]).unwrap();
    let steps = t + 2;
    let (ids, width) = (one.discrete.as_ref().unwrap().len() / STEPS, one.dense.as_ref().unwrap().len() / STEPS);
    let longer = Trajectories {
        rollout: one.rollout,
        starts: Some(then(one.starts.as_ref().unwrap(), t + 1, &[0])),
        inputs: Some(then(one.inputs.as_ref().unwrap(), t + 1, &[one.actions[t]])),
        discrete: Some(then(one.discrete.as_ref().unwrap(), (t + 1) * ids, &next.discrete[row * ids..][..ids])),
        dense: Some(then(one.dense.as_ref().unwrap(), (t + 1) * width, &next.dense[row * width..][..width])),
        actions: then(&one.actions, t + 1, &[0]),
        allowed: None,
        weights: None,
        ..one
    };
    agent.evaluate(&longer).unwrap().values[steps - 1]
}

/// Advantages by hand, from what the environment answered.
fn by_hand(agent: &mut Agent, data: &Trajectories<'_>, log: &Log, values: &[f32], pending: &Shown) -> Vec<f64> {
    let mut rows = Rows {
        steps: STEPS,
        rewards: vec![0.0; values.len()],
        values: values.to_vec(),
        ends: vec![0; values.len()],
        last_values: vec![f32::NAN; data.rows],
    };
    let mut cut = 0;
    for row in 0..data.rows {
        for (t, step) in log.iter().enumerate() {
            let at = row * STEPS + t;
            rows.rewards[at] = step.rewards[row];
            rows.ends[at] = step.terminated[row] | step.truncated[row];
            if step.truncated[row] != 0 && step.terminated[row] == 0 {
                cut += 1;
                rows.rewards[at] += GAE.gamma as f32 * value_after(agent, data, (row, t), &step.last);
            }
        }
        if rows.ends[row * STEPS + STEPS - 1] == 0 {
            rows.last_values[row] = value_after(agent, data, (row, STEPS - 1), pending);
        }
    }
    assert!(cut > 3, "only {cut} episodes were cut off");
    rows.defined(GAE.gamma, GAE.lambda)
}

#[test]
fn a_truncated_episode_goes_on_in_the_value_of_its_last_observation_and_a_terminated_one_does_not() {
    for layers in [1, 2] {
        let mut world = World::new(layers, 33);
        let mut agent = world.agent(5, FUSED);
        // Values far from 0, so that each is seen where it is added.
        let mut tensors = agent.state_dict().unwrap();
        tensors
            .iter_mut()
            .filter(|tensor| tensor.name.starts_with("v."))
            .for_each(|v| v.data.iter_mut().for_each(|x| *x = *x * 8.0 + 1.0));
        agent.load_state_dict(&tensors).unwrap();
        let mut collector = agent.collector(config(&world, STEPS)).unwrap();
        for _ in 0..2 {
            let (log, collected) = rollout(&mut collector, &mut world, STEPS);
            let data = collected.recording.trajectories(&world.rollout);
            let targets = collected.recording.targets();
            let Advantages::Given { advantages, value_targets: Some(fitted) } = targets.advantages else { panic!() };
            let values = targets.old_values.unwrap();
            let expected = by_hand(&mut agent, &data, &log, values, &world.now());
            assert_near("advantages", advantages, &expected, 2e-5);
            let expected: Vec<f64> =
                expected.iter().zip(values).map(|(advantage, &value)| advantage + f64::from(value)).collect();
            assert_near("value targets", fitted, &expected, 2e-5);
            agent.learn(&collected, &once()).unwrap();
            resume(&mut agent, &mut collector, collected);
        }
    }
}

/// What is not cut off is not looked at: neither the last observation of the other rows, nor what follows where all is over.
#[test]
fn last_observations_count_for_no_other_row() {
    let recorded = |change: f32| {
        let mut world = World::new(1, 33);
        let mut agent = world.agent(5, FUSED);
        let mut collector = agent.collector(config(&world, STEPS)).unwrap();
        for _ in 0..STEPS {
            let (shown, mut actions) = (world.now(), vec![0; world.rows]);
            collector.step(&shown.view(), &mut actions).unwrap();
            let mut step = world.came_of(shown, actions);
            let width = step.last.dense.len() / world.rows;
            for row in (0..world.rows).filter(|&row| step.truncated[row] == 0 || step.terminated[row] != 0) {
                step.last.dense[row * width..][..width].fill(change);
            }
            collector.answer(&step.rewards, &step.terminated, &step.truncated, &step.last.view()).unwrap();
            world.t += 1;
        }
        collector.finish(None).unwrap();
        let targets = collector.take().unwrap().recording;
        let Advantages::Given { advantages, .. } = targets.targets().advantages else { panic!() };
        advantages.to_vec()
    };
    assert_eq!(recorded(0.0), recorded(100.0));
}
