//! What memory there is, asked before much of it is taken: Linux grants more than it has and kills the process later.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Less than this is taken without asking.
const SMALL: u64 = 16 << 20;

/// What is taken to be free where the system does not say.
const UNKNOWN: Bytes = Bytes(16 << 30);

/// What helps where a batch is too large.
pub(crate) const FEWER: &str = "Pass fewer problems at once, or use an agent with a smaller horizon or hiddenSize.";

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
    let limit = share(available());
    if more > limit {
        let message = format!("{} needs {more}, and {limit} may be taken", what());
        return Err(Error::Memory { path: path.to_owned(), message, remedy });
    }
    Ok(())
}

/// Of what is free, three quarters: the caller's copy of what comes out, and everybody else, need some too.
fn share(free: Bytes) -> Bytes {
    Bytes(free.0 / 4 * 3)
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

/// What is free: of the machine's memory and of the control groups', the least. [`UNKNOWN`] where none says.
fn available() -> Bytes {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let machine = meminfo_available(&read("/proc/meminfo"));
    let groups = groups_available(Path::new("/sys/fs/cgroup"), &read("/proc/self/cgroup"));
    machine.into_iter().chain(groups).min().unwrap_or(UNKNOWN)
}

/// `MemAvailable` of /proc/meminfo.
fn meminfo_available(text: &str) -> Option<Bytes> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kib.saturating_mul(1024)))
}

/// The least of what the process's control groups, of version 2 and of version 1, and those around them leave; `lines` is
/// /proc/self/cgroup, and the groups' files are under `root`.
fn groups_available(root: &Path, lines: &str) -> Option<Bytes> {
    let groups = lines.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        let (root, limit, used) = if controllers.is_empty() {
            (root.to_owned(), "memory.max", "memory.current")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (root.join("memory"), "memory.limit_in_bytes", "memory.usage_in_bytes")
        } else {
            return None;
        };
        let left = |folder: &Path| {
            let read = |name: &str| fs::read_to_string(folder.join(name));
            group_available(&read(limit).ok()?, &read(used).ok()?, &read("memory.stat").unwrap_or_default())
        };
        // In a container the group may be named as the host sees it; its root is there in any case.
        root.join(group).ancestors().take_while(|folder| folder.starts_with(&root)).filter_map(left).min()
    });
    groups.min()
}

/// A control group's limit less its use, which counts cached files that would be given back.
fn group_available(limit: &str, used: &str, stat: &str) -> Option<Bytes> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let cached = |name: &str| stat.lines().find_map(|line| line.strip_prefix(name)).and_then(number);
    // Version 1 counts the group's own beside those of the groups inside it.
    let cached = cached("total_inactive_file ").or_else(|| cached("inactive_file ")).unwrap_or(0);
    Some(Bytes(number(limit)?.saturating_sub(number(used)?.saturating_sub(cached))))
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
        let Err(Error::Memory { path, message, remedy }) = ask(1 << 60) else { panic!("granted") };
        assert_eq!((path.as_str(), remedy), ("x", "Lower that."));
        assert!(message.starts_with("this needs 1152921504.6 GB, and ") && message.ends_with(" may be taken"), "{message}");
        assert_eq!(share(Bytes(4000)), Bytes(3000));
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
        assert_eq!(group_available("1000\n", "700\n", "inactive_file 5\ntotal_inactive_file 100\n"), Some(Bytes(400)));
        assert!(available() > Bytes(1 << 20));
    }

    #[test]
    fn the_tightest_group_around_the_process_counts() {
        let root = std::env::temp_dir().join(format!("innate-groups-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let left = |lines: &str| groups_available(&root, lines);
        write("memory.max", "max\n");
        write("memory.current", "900\n");
        write("outer/memory.max", "1000\n");
        write("outer/memory.current", "700\n");
        write("outer/memory.stat", "anon 5\ninactive_file 100\n");
        write("outer/inner/memory.max", "700\n");
        write("outer/inner/memory.current", "600\n");
        assert_eq!(left("0::/\n"), None);
        assert_eq!(left("0::/outer\n"), Some(Bytes(400)));
        assert_eq!(left("0::/outer/inner\n"), Some(Bytes(100)));
        assert_eq!(left("0::/outer/absent\n"), Some(Bytes(400)));
        write("memory/memory.limit_in_bytes", "5000\n");
        write("memory/memory.usage_in_bytes", "1000\n");
        assert_eq!(left("5:cpu,cpuacct:/\n4:hugetlb,memory:/docker/abc\n0::/\n"), Some(Bytes(4000)));
        assert_eq!(left("5:cpu,cpuacct:/\n"), None);
        assert_eq!(left(""), None);
        fs::remove_dir_all(&root).unwrap();
    }
}
