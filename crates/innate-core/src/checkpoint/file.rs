//! Bytes to a path, whole or not at all, and back.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::hash::fnv1a;

/// Names tried for a temporary, and temporaries tried for a file: each failure takes a coincidence.
const ATTEMPTS: usize = 16;

/// As many symbolic links as Linux follows.
const MAX_LINKS: usize = 40;

/// Opens a regular file to read, and says its length.
pub(super) fn open(path: &Path) -> Result<(File, u64), Fault> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    check_regular(&metadata, "cannot be read", "Give the path of a file that was saved.")?;
    Ok((File::open(path).map_err(|error| unreadable(&error))?, metadata.len()))
}

/// Replaces the file at `path` by `bytes`, or makes it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let target = end_of_links(path);
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unwritable = |error: io::Error| unwritable(&error, folder);
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(unwritable(error)),
    };
    if let Some(old) = &old {
        check_regular(old, "cannot be written", "Give the path of a file, or of a new one in an existing folder.")?;
        if old.permissions().readonly() {
            return Err(Fault::new("cannot be written: it is read-only", "Make the file writable, or give another path."));
        }
    }
    // `file_name` reads over `/` and `/.` at the end.
    let ends_with = |name: &&OsStr| target.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes());
    let Some(name) = target.file_name().filter(ends_with) else {
        return Err(Fault::new("cannot be written: the path has no file name", "Give the path of a file."));
    };
    let prefix = prefix(name);
    remove_dead(folder, &prefix);
    write_renaming(folder, &prefix, old.as_ref(), bytes, |temporary| temporary.rename(&target)).map_err(unwritable)?;
    // The file is in its place; not every file system can sync a folder.
    let _ = sync_folder(folder);
    Ok(())
}

/// What `path` names after all symbolic links, the last of which may lead to nothing yet.
fn end_of_links(path: &Path) -> PathBuf {
    let mut end = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&end) else { break };
        end.pop();
        end.push(next);
    }
    end
}

/// Writes a temporary that `rename` puts in its place.
fn write_renaming(
    folder: &Path,
    prefix: &str,
    old: Option<&Metadata>,
    bytes: &[u8],
    mut rename: impl FnMut(Temporary) -> io::Result<()>,
) -> io::Result<()> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut temporary = Temporary::create(folder, prefix, old.is_some())?;
        temporary.write(bytes, old)?;
        match rename(temporary) {
            // Removed as dead by a process that did not see its lock: locks do not reach across hosts on every file system.
            Err(error) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {}
            done => return done,
        }
    }
}

/// The temporaries of one target are named `.innate-<hash of its name>-<random bits>.tmp`: short however long the name is, and unique across
/// containers, in each of which the process may have the same id.
fn prefix(name: &OsStr) -> String {
    format!(".innate-{:016x}-", fnv1a(name.as_encoded_bytes()))
}

fn is_temporary(name: &OsStr, prefix: &str) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(".tmp"));
    random.is_some_and(|random| random.len() == 16 && random.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}

/// Removes what writers of one target left that were killed. The lock of a living one cannot be taken.
fn remove_dead(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_temporary(&entry.file_name(), prefix)) {
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = File::options().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            // Another process may have done it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A locked file beside the target; removed when dropped, unless it was renamed.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(folder: &Path, prefix: &str, private: bool) -> io::Result<Self> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let path = folder.join(format!("{prefix}{:016x}.tmp", getrandom::u64()?));
            let file = match create_new(&path, private) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < ATTEMPTS => continue,
                other => other?,
            };
            let temporary = Self { path, file };
            match temporary.file.try_lock() {
                // A process that removes dead ones came between making and locking.
                Err(fs::TryLockError::WouldBlock) if attempt < ATTEMPTS => {}
                // Without locks on this file system, dead ones stay: none can be known to be dead.
                _ => return Ok(temporary),
            }
        }
    }

    fn write(&mut self, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
        if let Some(old) = old {
            keep_owner_and_mode(&self.file, old);
        }
        self.file.write_all(bytes)?;
        self.file.sync_all()
    }

    fn rename(self, target: &Path) -> io::Result<()> {
        // There a lock keeps readers out as well.
        #[cfg(windows)]
        let _ = self.file.unlock();
        fs::rename(&self.path, target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Its name is nobody else's, and gone once it was renamed.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn create_new(path: &Path, private: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // What replaces a file is never more open than that file.
    File::options().write(true).create_new(true).mode(if private { 0o600 } else { 0o666 }).open(path)
}

#[cfg(not(unix))]
fn create_new(path: &Path, _private: bool) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

/// As far as the system lets this process.
#[cfg(unix)]
fn keep_owner_and_mode(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(file, None, Some(old.gid())));
    let _ = file.set_permissions(old.permissions());
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_file: &File, _old: &Metadata) {}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn check_regular(metadata: &Metadata, what: &str, remedy: &'static str) -> Result<(), Fault> {
    if metadata.is_file() { Ok(()) } else { Err(Fault::new(format!("{what}: it is {}", kind(metadata)), remedy)) }
}

fn kind(metadata: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if metadata.is_dir() { "a folder" } else { "no regular file" }
}

/// Why a file was not read.
pub(super) fn unreadable(error: &io::Error) -> Fault {
    let (reason, remedy) = match error.kind() {
        ErrorKind::NotFound => {
            ("it does not exist".to_owned(), "Check the path; a relative one counts from the working folder of the call.")
        }
        ErrorKind::PermissionDenied => (error.to_string(), "Let this process read the file and enter its folders."),
        ErrorKind::OutOfMemory => (error.to_string(), "Free memory: the file has to fit twice."),
        _ => (error.to_string(), "Give the path of a file that can be read."),
    };
    Fault::new(format!("cannot be read: {reason}"), remedy)
}

fn unwritable(error: &io::Error, folder: &Path) -> Fault {
    let (reason, remedy) = match error.kind() {
        ErrorKind::NotFound => {
            (format!("there is no folder {}", folder.display()), "Make the folder first, or give another path.")
        }
        ErrorKind::NotADirectory => (error.to_string(), "Give a path in a folder; a part of this one is a file."),
        ErrorKind::PermissionDenied => (error.to_string(), "Let this process write in the folder, or give another path."),
        ErrorKind::ReadOnlyFilesystem => (error.to_string(), "Give a path on a file system that can be written."),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            (error.to_string(), "Make room, raise the limit, or give a path on another disk.")
        }
        ErrorKind::InvalidFilename => (error.to_string(), "Give a shorter name or path."),
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => {
            (error.to_string(), "Where this one file is mounted, mount its folder instead.")
        }
        _ => (error.to_string(), "Give another path; what was at this one is as it was."),
    };
    Fault::new(format!("cannot be written: {reason}"), remedy)
}

#[cfg(test)]
mod tests;
