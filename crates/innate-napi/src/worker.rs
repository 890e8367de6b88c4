//! One native thread an agent: calls are carried out in the order they are made, on a stack that Candle's recursive backward pass cannot
//! exhaust, and a panic in one of them becomes that call's rejection.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use innate_core::Agent;
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};

use crate::error::Failure;

const STACK_BYTES: usize = 64 << 20;

/// How long the thread looks for the next job before it sleeps: what TypeScript takes between a rollout and its update.
const LINGER: Duration = Duration::from_micros(300);

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

/// The agent on its thread.
pub(crate) struct Slot {
    agent: Option<Agent>,
    poisoned: bool,
}

impl Slot {
    /// Puts the agent in its place.
    pub(crate) fn fill(&mut self, agent: Agent) {
        self.agent = Some(agent);
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

/// The thread and the way to it. Dropping it lets the thread finish what is queued and end by itself.
pub(crate) struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the thread, without an agent: a job has to [`Slot::fill`] it.
    pub(crate) fn spawn() -> Result<Self, Failure> {
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("innate-agent".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || serve(&queue))
            .map_err(|error| Failure::internal(format!("cannot start a thread: {error}")))?;
        Ok(Self { jobs, thread })
    }

    pub(crate) fn jobs(&self) -> Sender<Job> {
        self.jobs.clone()
    }

    /// A promise that resolves when all that is queued is done and the thread has ended.
    pub(crate) fn join(self, env: &Env) -> napi::Result<Object<'_>> {
        let (deferred, promise) = env.create_deferred()?;
        let Self { jobs, thread } = self;
        drop(jobs);
        let join = move || {
            // A panic on that thread was already delivered to the call that it belongs to.
            let _ = thread.join();
            settle(deferred, Ok(()), |()| ());
        };
        let spawned = std::thread::Builder::new().name("innate-join".to_owned()).spawn(join);
        spawned.map_err(|error| Failure::internal(format!("cannot start a thread: {error}")))?;
        Ok(promise)
    }
}

fn serve(queue: &Receiver<Job>) {
    let mut slot = Slot { agent: None, poisoned: false };
    let spare_core = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    let mut job = queue.recv();
    while let Ok(work) = job {
        work(&mut slot);
        job = if spare_core { await_soon(queue) } else { queue.recv() };
    }
}

/// The next job; while training, it comes within [`LINGER`], and waking a sleeping thread would cost more than looking for it.
fn await_soon(queue: &Receiver<Job>) -> Result<Job, RecvError> {
    let start = Instant::now();
    loop {
        for _ in 0..64 {
            match queue.try_recv() {
                Ok(job) => return Ok(job),
                Err(TryRecvError::Disconnected) => return Err(RecvError),
                Err(TryRecvError::Empty) => std::hint::spin_loop(),
            }
        }
        if start.elapsed() > LINGER {
            return queue.recv();
        }
    }
}

/// Queues `work` and returns its promise; `convert` runs on the JavaScript thread.
pub(crate) fn submit<'env, T, R>(
    env: &'env Env,
    jobs: Option<&Sender<Job>>,
    access: Access,
    work: impl FnOnce(&mut Agent) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    enqueue(env, jobs, move |slot| slot.run(access, work), convert)
}

/// As [`submit`], for a job that fills the slot.
pub(crate) fn submit_fill<'env, T, R>(
    env: &'env Env,
    jobs: &Sender<Job>,
    work: impl FnOnce(&mut Slot) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    enqueue(env, Some(jobs), move |slot| caught(|| work(slot)).flatten(), convert)
}

fn enqueue<'env, T, R>(
    env: &'env Env,
    jobs: Option<&Sender<Job>>,
    work: impl FnOnce(&mut Slot) -> Result<T, Failure> + Send + 'static,
    convert: impl FnOnce(T) -> R + Send + 'static,
) -> napi::Result<Object<'env>>
where
    T: Send + 'static,
    R: ToNapiValue + 'static,
{
    let (deferred, promise) = env.create_deferred()?;
    let Some(jobs) = jobs else {
        settle(deferred, Err(Failure::closed()), convert);
        return Ok(promise);
    };
    let job: Job = Box::new(move |slot| settle(deferred, work(slot), convert));
    jobs.send(job).map_err(|_| Failure::internal("the agent's thread has ended"))?;
    Ok(promise)
}

/// The only place that settles, so that the deferred has one resolver type.
fn settle<T, R: ToNapiValue>(
    deferred: JsDeferred<R, Box<dyn FnOnce(Env) -> napi::Result<R>>>,
    outcome: Result<T, Failure>,
    convert: impl FnOnce(T) -> R + 'static,
) where
    T: 'static,
{
    match outcome {
        Ok(value) => deferred.resolve(Box::new(move |_| Ok(convert(value)))),
        Err(failure) => deferred.reject(failure.into()),
    }
}
