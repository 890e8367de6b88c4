//! Calls on one agent are carried out in the order they are made, on a native thread: with a stack that Candle's recursive backward pass
//! cannot exhaust, and a panic in one of them becomes that call's rejection. An agent that is idle has no thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use innate_core::Agent;
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};

use crate::error::Failure;
use crate::memory::Footprint;

const STACK_BYTES: usize = 64 << 20;

/// How long the thread looks for the next job before it sleeps: what TypeScript takes between a rollout and its update.
const LINGER: Duration = Duration::from_micros(300);

/// How long the thread sleeps before it ends: longer than the pauses of a program that is at work with its agent.
const IDLE: Duration = Duration::from_millis(500);

static SPARE_CORE: LazyLock<bool> = LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));

pub(crate) type Job = Box<dyn FnOnce(&mut Slot) + Send>;

/// What a job does to the agent, and so what a panic in it would leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Leaves the weights alone.
    Reads,
    /// May stop halfway through changing the weights: a panic poisons the agent.
    Writes,
    /// Reads the weights, even of a poisoned agent.
    Salvages,
}

/// The agent, whoever runs it.
pub(crate) struct Slot {
    agent: Option<Agent>,
    poisoned: bool,
}

impl Slot {
    /// Puts the agent in its place.
    pub(crate) fn fill(&mut self, agent: Agent) {
        self.agent = Some(agent);
    }

    fn bytes(&self) -> usize {
        self.agent.as_ref().map_or(0, Agent::bytes)
    }

    fn rest(&mut self) {
        if let Some(agent) = &mut self.agent {
            agent.rest();
        }
    }

    fn run<T>(&mut self, access: Access, work: impl FnOnce(&mut Agent) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.poisoned && access != Access::Salvages {
            return Err(Failure::internal("an earlier call panicked while it changed the weights; only stateDict() still works"));
        }
        let agent = self.agent.as_mut().ok_or_else(|| Failure::internal("the agent was not made"))?;
        caught(|| work(agent)).unwrap_or_else(|panic| {
            self.poisoned |= access == Access::Writes;
            Err(panic)
        })
    }
}

/// The result of `work`, or its panic as a failure.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|payload| Failure::internal(format!("panicked: {}", panic_text(payload.as_ref()))))
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// What is asked of the agent, and the agent: a thread's for as long as it runs.
struct Seat {
    queue: Receiver<Job>,
    slot: Slot,
}

struct Home {
    /// Whether a thread will look into the queue again. Locked while a job is queued, and while a thread decides to end.
    running: Mutex<bool>,
    seat: Mutex<Seat>,
}

impl Home {
    fn serve(&self) {
        let Seat { queue, slot } = &mut *lock(&self.seat);
        loop {
            match next(queue) {
                Ok(job) => job(slot),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    slot.rest();
                    let mut running = lock(&self.running);
                    let Ok(job) = queue.try_recv() else {
                        *running = false;
                        return;
                    };
                    drop(running);
                    job(slot);
                }
            }
        }
    }
}

/// The next job; while training, it comes within [`LINGER`], and waking a sleeping thread would cost more than looking for it.
fn next(queue: &Receiver<Job>) -> Result<Job, RecvTimeoutError> {
    let start = Instant::now();
    while *SPARE_CORE && start.elapsed() <= LINGER {
        for _ in 0..64 {
            match queue.try_recv() {
                Ok(job) => return Ok(job),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => std::hint::spin_loop(),
            }
        }
    }
    queue.recv_timeout(IDLE)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The way to an agent. When the last is dropped, so is the agent, after what is queued.
#[derive(Clone)]
pub(crate) struct Worker {
    jobs: Sender<Job>,
    home: Arc<Home>,
    footprint: Footprint,
}

impl Worker {
    /// Without an agent: a job has to [`Slot::fill`] it.
    pub(crate) fn new() -> Self {
        let (jobs, queue) = channel();
        let seat = Mutex::new(Seat { queue, slot: Slot { agent: None, poisoned: false } });
        Self { jobs, home: Arc::new(Home { running: Mutex::new(false), seat }), footprint: Footprint::new() }
    }

    /// With an agent.
    pub(crate) fn of(env: &Env, agent: Agent) -> Self {
        let worker = Self::new();
        worker.footprint.tell(env, agent.bytes());
        lock(&worker.home.seat).slot.fill(agent);
        worker
    }

    /// Sees to it that there is a thread, and keeps it from ending while the guard is held.
    fn awake(&self) -> Result<MutexGuard<'_, bool>, Failure> {
        let mut running = lock(&self.home.running);
        if !*running {
            let home = Arc::clone(&self.home);
            let thread = std::thread::Builder::new().name("innate-agent".to_owned()).stack_size(STACK_BYTES);
            let started = thread.spawn(move || home.serve());
            started.map_err(|error| Failure::internal(format!("cannot start a thread: {error}")))?;
            *running = true;
        }
        Ok(running)
    }

    /// Queues `job`. The receiver lives as long as this does.
    fn send(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// A promise that resolves when all that is queued is done and the agent is freed.
    pub(crate) fn close(self, env: &Env) -> napi::Result<Object<'_>> {
        let (deferred, promise) = env.create_deferred()?;
        let footprint = self.footprint.clone();
        let freed = move || {
            settle(deferred, move |env| {
                footprint.end(env);
                Ok(())
            });
        };
        let running = lock(&self.home.running);
        if *running {
            self.send(Box::new(move |slot| {
                slot.agent = None;
                freed();
            }));
        } else {
            drop(running);
            drop(self);
            freed();
        }
        Ok(promise)
    }

    /// Lets the agent go when no object of JavaScript has it any more.
    pub(crate) fn abandon(self, env: &Env) {
        self.footprint.end(env);
    }
}

/// Queues `work` and returns its promise; `convert` runs on the JavaScript thread.
pub(crate) fn submit<'env, T, R>(
    env: &'env Env,
    worker: Option<&Worker>,
    access: Access,
    work: impl FnOnce(&mut Agent) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(&Env, T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    enqueue(env, worker, move |slot| slot.run(access, work), convert)
}

/// As [`submit`], for a job that fills the slot.
pub(crate) fn submit_fill<'env, T, R>(
    env: &'env Env,
    worker: &Worker,
    work: impl FnOnce(&mut Slot) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(&Env, T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    enqueue(env, Some(worker), move |slot| caught(|| work(slot)).flatten(), convert)
}

fn enqueue<'env, T, R>(
    env: &'env Env,
    worker: Option<&Worker>,
    work: impl FnOnce(&mut Slot) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(&Env, T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    let (deferred, promise) = env.create_deferred()?;
    match worker.ok_or_else(Failure::closed).and_then(|worker| Ok((worker, worker.awake()?))) {
        Ok((worker, _awake)) => {
            let footprint = worker.footprint.clone();
            worker.send(Box::new(move |slot| {
                let outcome = work(slot);
                let bytes = slot.bytes();
                settle(deferred, move |env| {
                    footprint.tell(env, bytes);
                    outcome.map(|value| convert(env, value))
                });
            }));
        }
        Err(failure) => settle(deferred, move |_| Err(failure)),
    }
    Ok(promise)
}

/// The only place that settles, so that the deferred has one resolver type. `outcome` runs on the JavaScript thread.
fn settle<R: ToNapiValue>(
    deferred: JsDeferred<R, Box<dyn FnOnce(Env) -> napi::Result<R>>>,
    outcome: impl FnOnce(&Env) -> Result<R, Failure> + 'static,
) {
    deferred.resolve(Box::new(move |env| Ok(outcome(&env)?)));
}
