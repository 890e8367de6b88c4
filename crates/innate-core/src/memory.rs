//! What memory there is, asked before much of it is taken: Linux grants more than it has and kills the process later.

use crate::error::{Error, Result};

/// Less than this is taken without asking.
const SMALL: u64 = 256 << 20;

/// Bytes as a number that cannot wrap: sizes come from options and files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    /// Of a product of sizes, in f32.
    pub(crate) fn floats(sizes: &[usize]) -> Self {
        Self(sizes.iter().fold(4, |total: u64, &size| total.saturating_mul(size as u64)))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) fn times(self, count: usize) -> Self {
        Self(self.0.saturating_mul(count as u64))
    }
}

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} GB", self.0 as f64 / 1e9)
    }
}

/// Asks for `more` bytes beyond what is held, for `what`.
///
/// # Errors
/// [`Error::Memory`] at `path` when there is not so much.
pub(crate) fn afford(more: Bytes, path: &str, what: impl FnOnce() -> String, remedy: &'static str) -> Result<()> {
    if more.0 <= SMALL {
        return Ok(());
    }
    match available() {
        Some(limit) if more > limit => Err(Error::Memory {
            path: path.to_owned(),
            message: format!("{} needs {more}, and there are {limit}", what()),
            remedy,
        }),
        _ => Ok(()),
    }
}

/// Room for `len` elements in all, or an error where a plain growth would end the process.
///
/// # Errors
/// [`Error::Memory`] when the system has no more.
pub(crate) fn reserve<T>(vec: &mut Vec<T>, len: usize) -> Result<()> {
    vec.try_reserve_exact(len.saturating_sub(vec.len())).map_err(|_| {
        let bytes = Bytes((len as u64).saturating_mul(size_of::<T>() as u64));
        let message = format!("the system has no more: {bytes} were asked for");
        Error::Memory { path: "memory".to_owned(), message, remedy: "Pass less at once, or make a smaller agent." }
    })
}

/// A vector of `len` copies of `value`.
///
/// # Errors
/// As [`reserve`].
pub(crate) fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>> {
    let mut vec = Vec::new();
    reserve(&mut vec, len)?;
    vec.resize(len, value);
    Ok(vec)
}

/// What may still be taken: of the machine's memory and of the control group's, the smaller. `None` where neither says.
#[cfg(target_os = "linux")]
fn available() -> Option<Bytes> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| meminfo_available(&text));
    let group = |folder: &str, limit: &str, used: &str| {
        let [limit, used, stat] = [limit, used, "memory.stat"].map(|name| read(&format!("/sys/fs/cgroup/{folder}{name}")));
        group_available(&limit?, &used?, &stat?)
    };
    let version2 = group("", "memory.max", "memory.current");
    let version1 = group("memory/", "memory.limit_in_bytes", "memory.usage_in_bytes");
    [machine, version2, version1].into_iter().flatten().min()
}

#[cfg(not(target_os = "linux"))]
fn available() -> Option<Bytes> {
    None
}

/// `MemAvailable` of /proc/meminfo.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn meminfo_available(text: &str) -> Option<Bytes> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kib.saturating_mul(1024)))
}

/// A control group's limit less its use, which counts cached files that would be given back.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn group_available(limit: &str, used: &str, stat: &str) -> Option<Bytes> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let cached = stat.lines().find_map(|line| line.trim_start_matches("total_").strip_prefix("inactive_file ")).and_then(number);
    Some(Bytes(number(limit)?.saturating_sub(number(used)?.saturating_sub(cached.unwrap_or(0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_never_wrap() {
        assert_eq!(Bytes::floats(&[3, 5]), Bytes(60));
        assert_eq!(Bytes::floats(&[usize::MAX, usize::MAX]).plus(Bytes(1)).times(9), Bytes(u64::MAX));
    }

    #[test]
    fn what_there_is_not_is_an_error_that_says_what_to_do() {
        let ask = |bytes: u64| afford(Bytes(bytes), "x", || "this".to_owned(), "Lower that.");
        assert!(ask(SMALL).is_ok());
        if cfg!(target_os = "linux") {
            let Err(Error::Memory { path, message, remedy }) = ask(1 << 60) else { panic!("granted") };
            assert_eq!((path.as_str(), remedy), ("x", "Lower that."));
            assert!(message.starts_with("this needs 1152921504.6 GB, and there are "), "{message}");
        }
    }

    #[test]
    fn an_allocation_that_fails_is_an_error() {
        assert!(matches!(filled(usize::MAX / 16, 0_u64), Err(Error::Memory { .. })));
        assert_eq!(filled(3, 7).unwrap(), [7, 7, 7]);
    }

    #[test]
    fn the_systems_files_are_read() {
        assert_eq!(meminfo_available("MemTotal: 9 kB\nMemAvailable:   24 kB\n"), Some(Bytes(24 * 1024)));
        assert_eq!(meminfo_available("MemTotal: 9 kB\n"), None);
        assert_eq!(group_available("max\n", "5\n", ""), None);
        assert_eq!(group_available("1000\n", "200\n", "anon 7\n"), Some(Bytes(800)));
        assert_eq!(group_available("1000\n", "900\n", "anon 7\ninactive_file 300\n"), Some(Bytes(400)));
        assert_eq!(group_available("1000\n", "1200\n", "total_inactive_file 100\n"), Some(Bytes(0)));
        if cfg!(target_os = "linux") {
            assert!(available().is_some_and(|bytes| bytes.0 > 1 << 20));
        }
    }
}
