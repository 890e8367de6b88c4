//! Rows that stop between two rollouts, and go on elsewhere from bytes: to the bit what they would have done.

use innate_core::collect::{Collector, CollectorConfig};
use innate_core::model::{History, Input};
use innate_core::{Agent, checkpoint};

use super::world::World;
use super::{FUSED, PLAIN, config, once, path, resume, rollout};

const STEPS: usize = 7;

fn attending(rows: usize) -> World {
    let mut world = World { ends: 11, ..World::new(2, rows) };
    world.model.attention.history = Some(History { window: 5 });
    world.model.inputs.push(Input::Clock);
    world
}

fn normal(world: &World) -> CollectorConfig {
    CollectorConfig { normalize_observations: true, normalize_rewards: true, ..config(world, STEPS) }
}

fn train(agent: &mut Agent, collector: &mut Collector, world: &mut World, rollouts: usize) {
    for _ in 0..rollouts {
        let (_, collected) = rollout(collector, world, STEPS);
        agent.learn(&collected, &once()).unwrap();
        resume(agent, collector, collected);
    }
}

fn bytes_of(agent: &Agent, collector: &Collector) -> (Vec<u8>, Vec<u8>) {
    (checkpoint::encode(&agent.state("").unwrap(), "x").unwrap(), collector.carried().unwrap())
}

#[test]
fn rows_go_on_to_the_bit_wherever_they_stopped() {
    for placement in [FUSED, PLAIN] {
        for world in [World::new(1, 3), World::new(2, 40), attending(40), World { ends: 0, ..attending(33) }] {
            for stop in [0, 1, 4] {
                let mut world = world.clone();
                let mut agent = world.agent(7, placement);
                let mut collector = agent.collector(normal(&world)).unwrap();
                train(&mut agent, &mut collector, &mut world, stop);
                let (file, carried) = bytes_of(&agent, &collector);
                let mut other_world = world.clone();
                let mut other = Agent::from_state(&checkpoint::decode(&file, "x").unwrap(), placement).unwrap();
                let mut rows = other.carried_collector(normal(&other_world), &carried).unwrap();
                assert!(bytes_of(&other, &rows) == (file, carried), "nothing is lost on the way");
                train(&mut agent, &mut collector, &mut world, 2);
                train(&mut other, &mut rows, &mut other_world, 2);
                assert!(bytes_of(&agent, &collector) == bytes_of(&other, &rows), "they go on alike");
            }
        }
    }
}

#[test]
fn nothing_is_carried_out_of_a_rollout_under_way() {
    let mut world = World::new(1, 3);
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    world.drive(&mut collector, 1);
    assert_eq!(path(collector.carried()), "collector");
}

#[test]
fn bytes_of_other_rows_are_refused_and_change_nothing() {
    let mut world = attending(5);
    let mut agent = world.agent(7, FUSED);
    let mut collector = agent.collector(normal(&world)).unwrap();
    train(&mut agent, &mut collector, &mut world, 2);
    let good = collector.carried().unwrap();
    let mut wrong: Vec<Vec<u8>> = (0..good.len()).step_by(97).map(|length| good[..length].to_vec()).collect();
    wrong.push([good.clone(), vec![0]].concat());
    wrong.push([b"x", &good[1..]].concat());
    wrong.push([&good[..12], &4_u32.to_le_bytes(), &good[16..]].concat());
    wrong.push([&good[..4], &u64::MAX.to_le_bytes(), &good[12..]].concat());
    wrong.push([&good[..16], &f32::NAN.to_le_bytes(), &good[20..]].concat());
    let (ages, ends) = (good.len() - 5 * 16, good.len());
    wrong.push([&good[..ages], &u32::MAX.to_le_bytes(), &good[ages + 4..]].concat());
    wrong.push([&good[..ages + 20], &6_u32.to_le_bytes(), &good[ages + 24..]].concat());
    wrong.push([&good[..ends - 8], &f64::INFINITY.to_le_bytes()].concat());
    for bytes in wrong {
        let refused = path(collector.carry_on(&bytes));
        assert!(refused == "collector" || refused == "rows", "{refused}");
        assert!(collector.carried().unwrap() == good);
    }
    collector.carry_on(&good).unwrap();
}
