//! Native memory as V8 knows it, and its way back to the system.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use napi::Env;

/// What V8 has been told that one object holds, in bytes; nothing more once the object is gone. Without it V8 would see a few bytes an
/// object, and not hurry to collect what nobody uses.
#[derive(Clone)]
pub(crate) struct Footprint(Arc<Mutex<Option<i64>>>);

impl Footprint {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(0))))
    }

    /// Says that the object holds `bytes` now.
    pub(crate) fn tell(&self, env: &Env, bytes: usize) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told.as_mut() {
            adjust(env, bytes as i64 - std::mem::replace(told, bytes as i64));
        }
    }

    /// Says that the object is gone, whatever calls are still under way.
    pub(crate) fn end(&self, env: &Env) {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let told = told.unwrap_or(0);
        adjust(env, -told);
        give_back(told as usize);
    }
}

fn adjust(env: &Env, bytes: i64) {
    if bytes != 0 {
        // It fails only in an environment that is ending, where the sum no longer counts.
        let _ = env.adjust_external_memory(bytes);
    }
}

/// Freed bytes that are worth a search for free pages.
const ENOUGH: usize = 64 << 20;

static FREED: AtomicUsize = AtomicUsize::new(0);
static GIVING_BACK: AtomicBool = AtomicBool::new(false);

/// Counts freed bytes, and has free pages given back where the allocator would keep them: glibc's does once threads have had arenas.
fn give_back(bytes: usize) {
    let enough = FREED.fetch_add(bytes, Ordering::Relaxed) + bytes >= ENOUGH;
    if cfg!(all(target_os = "linux", target_env = "gnu")) && enough && !GIVING_BACK.swap(true, Ordering::Relaxed) {
        let trim = || {
            // The collector frees many at a time.
            std::thread::sleep(Duration::from_millis(100));
            FREED.store(0, Ordering::Relaxed);
            GIVING_BACK.store(false, Ordering::Relaxed);
            trim_heap();
        };
        if std::thread::Builder::new().name("innate-memory".to_owned()).spawn(trim).is_err() {
            GIVING_BACK.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim_heap() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: glibc's own declaration; it may be called at any time from any thread.
    unsafe { malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim_heap() {}
