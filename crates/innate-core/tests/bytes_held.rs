//! What an agent says it holds is what the allocator has given it: V8 is told that number.

#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use innate_core::data::{Prompts, RolloutSpec, Trajectories};
use innate_core::device::DeviceKind;
use innate_core::engine::EngineKind;
use innate_core::model::{Attention, Direction, Encoder, Input, ModelSpec, Pooling};
use innate_core::objective::{Baseline, Objective, Targets};
use innate_core::optimizer::OptimizerConfig;
use innate_core::{Agent, Lesson, Placement};

static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is the system's; only counted. The other methods come down to these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// In one test: others beside it would be counted too.
#[test]
fn an_agent_and_a_policy_say_what_they_hold() {
    let open_loop = ModelSpec::open_loop(18, 3, 128, Pooling::Own);
    let deep = ModelSpec {
        encoder: Encoder::None,
        inputs: vec![Input::PreviousAction, Input::EpisodeStart],
        layers: 2,
        ..open_loop.clone()
    };
    let reads = ModelSpec {
        encoder: Encoder::Recurrent { stages: 3, direction: Direction::Backward, values: true },
        attention: Attention { prompt: true, ..Attention::NONE },
        ..open_loop.clone()
    };
    // The first time, Candle's threads take memory that they keep.
    for (engine, counts) in [(EngineKind::Fused, true), (EngineKind::Plain, false), (EngineKind::Plain, true)] {
        for model in [&open_loop, &deep, &reads] {
            check(model, engine, counts);
        }
    }
}

fn check(model: &ModelSpec, engine: EngineKind, counts: bool) {
    let n = 200;
    let rollout = RolloutSpec { horizon: 6, start_token: 10, action_mask: None };
    let (contexts, stages, returns) = match model.encoder {
        Encoder::None => (vec![], vec![], vec![0.5; n]),
        Encoder::Pooled { .. } | Encoder::Recurrent { .. } => (vec![1; 4 * n], vec![0; n], vec![0.5; n]),
    };
    let before = LIVE.load(Ordering::Relaxed);
    let check = |what: &str, says: usize| {
        let holds = LIVE.load(Ordering::Relaxed) - before;
        let ratio = says as f64 / holds as f64;
        assert!(!counts || (0.9..=1.1).contains(&ratio), "{engine:?}, {what}: says {says}, holds {holds}");
    };
    let mut agent =
        Agent::new(model.clone(), rollout.clone(), 1, Placement { device: DeviceKind::Cpu, engine, threads: 2 }).unwrap();
    // Adam's two moments are one tensor of zeros in the plain engine until its first step.
    if engine == EngineKind::Fused {
        check("made", agent.bytes());
    }
    let numbers = vec![0.5; 4 * n];
    let values = model.reads_values().then_some(&*numbers);
    let prompts = Prompts { rows: n, contexts: &contexts, lengths: None, values, stages: &stages };
    let actions = agent.rollout(prompts, false).unwrap().actions;
    let data = Trajectories::programs(&rollout, prompts, &actions);
    let targets = Targets::returns(&returns, Baseline::Program);
    let lesson = Lesson { data: &data, targets: &targets, objective: &Objective::default() };
    let update = |agent: &mut Agent| agent.update(&lesson, &OptimizerConfig::default()).unwrap();
    update(&mut agent);
    check("trained", agent.bytes() + size_of_val(&*actions));
    agent.rest();
    check("at rest", agent.bytes() + size_of_val(&*actions));
    update(&mut agent);
    let policy = agent.policy(100).unwrap();
    check("with a policy", agent.bytes() + policy.bytes() + size_of_val(&*actions));
    // Whoever has weights when the agent has others has them for itself.
    update(&mut agent);
    let own = policy.bytes() + policy.weights().bytes();
    check("with another generation's policy", agent.bytes() + own + size_of_val(&*actions));
}
