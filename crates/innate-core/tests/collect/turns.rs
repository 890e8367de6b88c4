//! A collector is stepped, answered, finished, learned from and stepped again, in turn; what is refused leaves it as it was.

use innate_core::collect::{Collected, Collector};
use innate_core::data::{Observation, Prompts};
use innate_core::error::Error;

use super::world::{Shown, World};
use super::{CollectorConfig, FUSED, config, once, path, resume};

const ROWS: usize = 20;
const STEPS: usize = 4;

fn message<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Invalid { path, message }) => {
            assert_eq!(path, "collector");
            message
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("went through"),
    }
}

fn step(collector: &mut Collector, shown: &Shown) -> innate_core::Result<Vec<i32>> {
    let mut actions = vec![0; ROWS];
    collector.step(&shown.view(), &mut actions).map(|()| actions)
}

fn answer(collector: &mut Collector, world: &World) -> innate_core::Result<()> {
    collector.answer(&[0.5; ROWS], &[0; ROWS], &[0; ROWS], &world.last().view())
}

#[test]
fn whatever_is_out_of_turn_is_refused() {
    let world = World::new(1, ROWS);
    let shown = world.now();
    let mut agent = world.agent(1, FUSED);
    let mut idle = agent.collector(CollectorConfig { autoreset: false, ..config(&world, STEPS) }).unwrap();
    assert!(message(step(&mut idle, &shown)).contains("begin first"));
    assert!(message(answer(&mut idle, &world)).contains("begin first"));
    assert!(message(idle.finish(None)).contains("begin first"));

    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    assert!(message(answer(&mut collector, &world)).contains("waits for a step"));
    assert!(message(collector.take()).contains("no finished rollout"));
    assert_eq!(path(collector.finish(None)), "steps");
    for _ in 0..STEPS {
        step(&mut collector, &shown).unwrap();
        assert!(message(step(&mut collector, &shown)).contains("waits for the answer"));
        assert!(message(collector.finish(None)).contains("waits for the answer"));
        answer(&mut collector, &world).unwrap();
    }
    assert_eq!(collector.steps(), STEPS);
    assert!(message(step(&mut collector, &shown)).contains("learn from it first"));
    collector.finish(None).unwrap();
    assert!(message(collector.finish(None)).contains("learn from it first"));
    assert!(message(step(&mut collector, &shown)).contains("learn from it first"));
    let collected = collector.take().unwrap();
    for refused in [
        message(collector.take()),
        message(step(&mut collector, &shown)),
        message(collector.restart()),
        message(collector.finish(None)),
    ] {
        assert!(refused.contains("being learned from"), "{refused}");
    }
    resume(&mut agent, &mut collector, collected);
    step(&mut collector, &shown).unwrap();
}

/// A short rollout is not finished twice either: it is packed once.
#[test]
fn a_finished_rollout_is_finished() {
    let mut world = World::new(1, ROWS);
    let mut agent = world.agent(1, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    world.drive(&mut collector, 2);
    world.finish(&mut collector);
    assert!(message(collector.finish(None)).contains("learn from it first"));
    assert!(message(step(&mut collector, &world.now())).contains("learn from it first"));
    collector.take().unwrap();
}

/// What can be tried and refused between good calls.
fn trouble(collector: &mut Collector, world: &World, acted: bool) {
    let (good, last) = (world.now(), world.last());
    let mut nan = good.clone();
    nan.dense[7] = f32::NAN;
    let mut far = good.clone();
    far.discrete[3] = 3;
    let mut none = good.clone();
    none.allowed[..5].fill(0);
    if !acted {
        assert_eq!(path(step(collector, &nan)), "dense[7]");
        assert_eq!(path(step(collector, &far)), "discrete[3]");
        assert_eq!(path(step(collector, &none)), "allowed[0]");
        assert_eq!(path(step(collector, &Shown { dense: vec![], ..good.clone() })), "dense");
        assert_eq!(path(collector.step(&good.view(), &mut [0; 3])), "actions");
        let pending = Observation { allowed: &[], ..nan.view() };
        assert!(matches!(path(collector.finish(Some(&pending))).as_str(), "dense[7]" | "steps"));
        return;
    }
    let cut = [1; ROWS];
    let mut rewards = [0.5; ROWS];
    rewards[3] = f32::INFINITY;
    assert_eq!(path(collector.answer(&rewards, &[0; ROWS], &cut, &last.view())), "rewards[3]");
    assert_eq!(path(collector.answer(&[0.5; 2], &[0; ROWS], &cut, &last.view())), "rewards");
    assert_eq!(path(collector.answer(&[0.5; ROWS], &[0; 2], &cut, &last.view())), "terminated");
    assert_eq!(path(collector.answer(&[0.5; ROWS], &[0; ROWS], &[1], &last.view())), "truncated");
    assert_eq!(path(collector.answer(&[0.5; ROWS], &[0; ROWS], &cut, &Observation::default())), "discrete");
    let bad = Observation { allowed: &[], ..nan.view() };
    assert_eq!(path(collector.answer(&[0.5; ROWS], &[0; ROWS], &cut, &bad)), "dense[7]");
}

/// Everything that decides what is learned, after two rollouts with and without refused calls between the good ones.
#[test]
fn what_is_refused_changes_nothing() {
    let run = |troubled: bool| {
        let mut world = World::new(2, ROWS);
        let mut agent = world.agent(1, FUSED);
        let all = CollectorConfig { normalize_observations: true, normalize_rewards: true, ..config(&world, STEPS) };
        let mut collector = agent.collector(all).unwrap();
        let mut learned = Vec::new();
        for _ in 0..2 {
            for _ in 0..STEPS {
                if troubled {
                    trouble(&mut collector, &world, false);
                }
                let shown = world.now();
                let actions = step(&mut collector, &shown).unwrap();
                if troubled {
                    trouble(&mut collector, &world, true);
                }
                let came = world.came_of(shown, actions);
                collector.answer(&came.rewards, &came.terminated, &came.truncated, &came.last.view()).unwrap();
                world.t += 1;
            }
            world.finish(&mut collector);
            let collected: Collected = collector.take().unwrap();
            learned.push(agent.learn(&collected, &once()).unwrap());
            resume(&mut agent, &mut collector, collected);
        }
        (learned, agent.normalizer().clone(), agent.parameters().unwrap())
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn rows_that_have_no_probabilities_begin_again() {
    let mut world = World::new(1, ROWS);
    let mut agent = world.agent(1, FUSED);
    let good = agent.state_dict().unwrap();
    let mut bad = good.clone();
    bad.iter_mut().find(|tensor| tensor.name == "pi.weight").unwrap().data.fill(3e38);
    agent.load_state_dict(&bad).unwrap();
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    assert!(matches!(step(&mut collector, &world.now()), Err(Error::NonFinite { what: "logits", at: Some(_), .. })));
    assert!(message(step(&mut collector, &world.now())).contains("begin first"));
    collector.restart().unwrap();
    assert!(matches!(step(&mut collector, &world.now()), Err(Error::NonFinite { .. })));
    agent.load_state_dict(&good).unwrap();
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    world.drive(&mut collector, STEPS);
}

/// What was under way is forgotten: the rows are as before the first step.
#[test]
fn a_restart_is_a_beginning() {
    let mut world = World::new(2, ROWS);
    let mut agent = world.agent(1, FUSED);
    let mut collector = agent.collector(config(&world, STEPS)).unwrap();
    let again = world.clone();
    let first = world.drive(&mut collector, STEPS);
    collector.restart().unwrap();
    assert_eq!(collector.steps(), 0);
    assert_eq!(again.clone().drive(&mut collector, STEPS), first);
    collector.begin(Prompts::none(ROWS)).unwrap();
    step(&mut collector, &again.now()).unwrap();
    collector.restart().unwrap();
    assert_eq!(again.clone().drive(&mut collector, STEPS), first);
}
