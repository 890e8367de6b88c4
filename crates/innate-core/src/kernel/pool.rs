//! A persistent team of threads that share out numbered tasks. The caller works too; nobody allocates.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an idle worker looks for work before it sleeps: longer than the gap between two parallel regions of one update, far shorter
/// than anyone would notice.
const SPIN: Duration = Duration::from_micros(60);

type Job = &'static (dyn Fn(usize, usize) + Sync);

struct Shared {
    /// Raised by one for every parallel region.
    epoch: AtomicU64,
    next: AtomicUsize,
    tasks: AtomicUsize,
    running: AtomicUsize,
    stop: AtomicBool,
    job: UnsafeCell<Option<Job>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written only while no worker runs (`running` = 0) and read only after the epoch that published it.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn work(&self, worker: usize) {
        // SAFETY: the epoch's release store published the job, and `run` does not return before this worker is done with it.
        let Some(job) = (unsafe { *self.job.get() }) else { return };
        let tasks = self.tasks.load(Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            loop {
                let task = self.next.fetch_add(1, Ordering::Relaxed);
                if task >= tasks {
                    break;
                }
                job(task, worker);
            }
        }));
        if let Err(payload) = outcome {
            self.next.store(tasks, Ordering::Relaxed);
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
    }

    fn serve(&self, worker: usize) {
        let mut seen = 0;
        loop {
            let start = Instant::now();
            let mut turns = 0_u32;
            while self.epoch.load(Ordering::Acquire) == seen {
                turns = turns.wrapping_add(1);
                if turns.is_multiple_of(64) && start.elapsed() > SPIN {
                    std::thread::park();
                } else {
                    std::hint::spin_loop();
                }
            }
            seen = self.epoch.load(Ordering::Acquire);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.work(worker);
            self.running.fetch_sub(1, Ordering::Release);
        }
    }
}

/// Helpers at work, or looking for some.
struct Team {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Team {
    /// As many of `helpers` as the system gives.
    fn new(helpers: usize) -> Self {
        let shared = Arc::new(Shared {
            epoch: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            tasks: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            job: UnsafeCell::new(None),
            panic: Mutex::new(None),
        });
        let workers = (1..=helpers)
            .map_while(|worker| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new().name(format!("innate-{worker}")).spawn(move || shared.serve(worker)).ok()
            })
            .collect();
        Self { shared, workers }
    }

    fn run(&mut self, tasks: usize, job: &(dyn Fn(usize, usize) + Sync)) {
        let shared = &*self.shared;
        // SAFETY: only the lifetime is erased, and this call outlives every use of the job.
        let job = unsafe { std::mem::transmute::<&(dyn Fn(usize, usize) + Sync), &'static (dyn Fn(usize, usize) + Sync)>(job) };
        // SAFETY: no worker runs between regions.
        unsafe { *shared.job.get() = Some(job) };
        shared.next.store(0, Ordering::Relaxed);
        shared.tasks.store(tasks, Ordering::Relaxed);
        shared.running.store(self.workers.len(), Ordering::Relaxed);
        shared.epoch.fetch_add(1, Ordering::Release);
        for worker in &self.workers {
            worker.thread().unpark();
        }
        shared.work(0);
        let mut turns = 0_u32;
        while shared.running.load(Ordering::Acquire) != 0 {
            turns = turns.saturating_add(1);
            if turns < 20_000 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        if let Some(payload) = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take() {
            resume_unwind(payload);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.epoch.fetch_add(1, Ordering::Release);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker's panics were caught in `work`; there is nothing left to report.
            drop(worker.join());
        }
    }
}

/// A fixed number of threads, the caller's included. The others start at the first work that can be shared.
pub(crate) struct Pool {
    threads: usize,
    team: Option<Team>,
}

impl Pool {
    /// At most `threads`; 0 means as many as the machine offers. Where the system refuses a thread, the others do its work.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
        Self { threads, team: None }
    }

    /// Threads at most.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Ends the helpers; the next call of [`Pool::run`] starts others.
    pub(crate) fn rest(&mut self) {
        self.team = None;
    }

    /// Calls `job(task, worker)` once for each task in `0..tasks`, in any order, on any of the threads, and returns when all are done.
    /// `worker` is below [`Pool::threads`] and held by one call at a time. A panic in a task is raised again here.
    pub(crate) fn run(&mut self, tasks: usize, job: &(dyn Fn(usize, usize) + Sync)) {
        if tasks <= 1 || self.threads <= 1 {
            for task in 0..tasks {
                job(task, 0);
            }
            return;
        }
        self.team.get_or_insert_with(|| Team::new(self.threads - 1)).run(tasks, job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_whatever_the_threads() {
        for threads in [1, 2, 5] {
            let mut pool = Pool::new(threads);
            for tasks in [0, 1, 2, 3, 100] {
                for _ in 0..50 {
                    let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                    pool.run(tasks, &|task, worker| {
                        assert!(worker < threads);
                        counts[task].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                }
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let mut pool = Pool::new(3);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.run(10, &|task, _| assert!(task != 4, "task four"));
        }));
        assert!(outcome.is_err());
        let done = AtomicUsize::new(0);
        pool.run(10, &|_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.load(Ordering::Relaxed), 10);
    }

    #[test]
    fn helpers_start_with_the_first_work_and_end_at_rest() {
        let mut pool = Pool::new(3);
        for _ in 0..3 {
            pool.run(1, &|_, _| {});
            assert!(pool.team.is_none());
            let done = AtomicUsize::new(0);
            pool.run(10, &|_, _| {
                done.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.load(Ordering::Relaxed), 10);
            let shared = pool.team.as_ref().map(|team| Arc::downgrade(&team.shared));
            pool.rest();
            assert_eq!(shared.map(|shared| shared.strong_count()), Some(0), "a helper outlived its rest");
        }
    }
}
