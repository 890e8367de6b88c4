//! What an agent says it holds is what the allocator has given it: V8 is told that number.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use innate_core::engine::{Episodes, Prompts};
use innate_core::{Agent, ContextPooling, DeviceKind, EngineKind, NetworkConfig, UpdateConfig};

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
fn an_agent_and_a_session_say_what_they_hold() {
    let config = NetworkConfig {
        vocab_size: 18,
        stage_count: 3,
        hidden_size: 128,
        horizon: 6,
        start_token: 10,
        pooling: ContextPooling::Own,
        action_mask: None,
    };
    let n = 200;
    let (contexts, stages, returns) = (vec![1; 4 * n], vec![0; n], vec![0.5; n]);
    // The first time, Candle's threads take memory that they keep.
    for (engine, counts) in [(EngineKind::Fused, true), (EngineKind::Plain, false), (EngineKind::Plain, true)] {
        let before = LIVE.load(Ordering::Relaxed);
        let check = |what: &str, says: usize| {
            let holds = LIVE.load(Ordering::Relaxed) - before;
            let ratio = says as f64 / holds as f64;
            assert!(!counts || (0.9..=1.1).contains(&ratio), "{engine:?}, {what}: says {says}, holds {holds}");
        };
        let mut agent = Agent::new(config.clone(), engine, DeviceKind::Cpu, 1, 2).unwrap();
        // Adam's two moments are one tensor of zeros in the plain engine until its first step.
        if engine == EngineKind::Fused {
            check("made", agent.bytes());
        }
        let actions = agent.rollout(&contexts, &stages, false).unwrap().actions;
        let prompts = Prompts { contexts: &contexts, stages: &stages };
        let episodes = Episodes { prompts, actions: &actions, lengths: None, returns: &returns };
        let update = |agent: &mut Agent| agent.update(episodes, &UpdateConfig::default()).unwrap();
        update(&mut agent);
        check("trained", agent.bytes() + size_of_val(&*actions));
        agent.rest();
        check("at rest", agent.bytes() + size_of_val(&*actions));
        update(&mut agent);
        let session = agent.session(100).unwrap();
        check("with a session", agent.bytes() + session.bytes() + size_of_val(&*actions));
    }
}
