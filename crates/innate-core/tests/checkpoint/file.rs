//! What is at a path before a file is saved there, and after.

use std::fs;
use std::path::{Path, PathBuf};

use innate_core::checkpoint::{load, save};
use innate_core::error::Error;

use super::{Folder, state, unfit};

fn refused(result: Result<impl Sized, Error>) -> String {
    match result.map(drop) {
        Err(Error::Checkpoint { message, remedy, .. }) => format!("{message}. {remedy}"),
        other => panic!("{other:?}"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_missing_folder_or_file_is_named_with_what_to_do() {
    let folder = Folder::new("missing");
    let missing = folder.0.join("none").join("agent.safetensors");
    for (message, remedy) in [(refused(save(&missing, &state())), "Make the folder"), (refused(load(&missing)), "Check the path")]
    {
        assert!(message.starts_with(missing.to_str().unwrap()), "{message}");
        assert!(message.contains(remedy), "{message}");
    }
    let file = folder.0.join("file");
    fs::write(&file, "").unwrap();
    assert!(refused(save(&file.join("agent"), &state())).contains("is a file"));
    assert!(refused(load(&file.join("agent"))).contains("cannot be read"));
    assert!(refused(load(&file)).contains("less than 8 bytes"));
    assert_eq!(names(&folder.0), ["file"]);
}

#[test]
fn a_folder_is_neither_written_nor_read() {
    let folder = Folder::new("folder");
    for path in [folder.0.clone(), folder.0.join("."), folder.0.join("x").join(".."), PathBuf::from("/")] {
        fs::create_dir_all(folder.0.join("x")).unwrap();
        assert!(refused(save(&path, &state())).contains("a folder"));
        assert!(refused(load(&path)).contains("a folder"));
    }
    for end in ["none/", "none/.", "none/..", "x/none/"] {
        let message = refused(save(&folder.0.join(end), &state()));
        assert!(message.contains("no file name"), "{message}");
    }
    assert_eq!(names(&folder.0), ["x"]);
}

#[test]
fn a_state_that_cannot_be_read_back_leaves_the_good_file() {
    let folder = Folder::new("unfit");
    let path = folder.0.join("agent.safetensors");
    save(&path, &state()).unwrap();
    for (_, unfit) in unfit() {
        refused(save(&path, &unfit));
        assert_eq!(load(&path).unwrap(), state());
    }
    assert_eq!(names(&folder.0), ["agent.safetensors"]);
}

#[test]
fn a_name_may_be_as_long_as_the_file_system_lets_it() {
    let folder = Folder::new("names");
    for length in [1, 249, 250, 255] {
        let path = folder.0.join("n".repeat(length));
        save(&path, &state()).unwrap();
        save(&path, &state()).unwrap();
        assert_eq!(load(&path).unwrap(), state());
    }
    assert_eq!(names(&folder.0).len(), 4);
    #[cfg(unix)]
    for path in [folder.0.join("n".repeat(256)), folder.0.join("n/".repeat(5000))] {
        assert!(refused(save(&path, &state())).contains("shorter"));
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn symbolic_links_are_followed() {
        let folder = Folder::new("links");
        let (links, files) = (folder.0.join("links"), folder.0.join("files"));
        fs::create_dir(&links).unwrap();
        fs::create_dir(&files).unwrap();
        fs::write(files.join("old"), "old").unwrap();
        symlink("../files/old", links.join("old")).unwrap();
        symlink("../files/new", links.join("new")).unwrap();
        symlink("new", links.join("second")).unwrap();
        symlink(&files, folder.0.join("folder")).unwrap();
        symlink(links.join("third"), files.join("link")).unwrap();
        let through = [links.join("old"), links.join("second"), links.join("new"), folder.0.join("folder/link")];
        for path in through {
            save(&path, &state()).unwrap();
            assert!(path.is_symlink());
            assert_eq!(load(&path).unwrap(), state());
        }
        assert_eq!(names(&links), ["new", "old", "second", "third"]);
        assert_eq!(names(&files), ["link", "new", "old"]);
        assert!(!links.join("third").is_symlink());
    }

    #[test]
    fn links_that_lead_to_themselves_or_nowhere_are_refused() {
        let folder = Folder::new("loops");
        symlink("b", folder.0.join("a")).unwrap();
        symlink("a", folder.0.join("b")).unwrap();
        symlink("none/x", folder.0.join("c")).unwrap();
        for link in ["a", "c"] {
            refused(save(&folder.0.join(link), &state()));
            refused(load(&folder.0.join(link)));
        }
        assert_eq!(names(&folder.0), ["a", "b", "c"]);
    }

    #[test]
    fn a_file_keeps_its_mode_and_owner_and_a_new_one_has_the_umasks() {
        let folder = Folder::new("modes");
        let path = folder.0.join("agent.safetensors");
        save(&path, &state()).unwrap();
        let other = folder.0.join("other");
        fs::write(&other, "").unwrap();
        assert_eq!(mode(&path), mode(&other));
        // Only root may give a file away.
        let owner = if chown(&path, Some(12345), Some(54321)).is_ok() {
            (12345, 54321)
        } else {
            (fs::metadata(&other).unwrap().uid(), fs::metadata(&other).unwrap().gid())
        };
        for kept in [0o600, 0o640, 0o666, 0o777, 0o200] {
            set_mode(&path, kept);
            save(&path, &state()).unwrap();
            assert_eq!(mode(&path), kept);
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), owner);
        }
    }

    #[test]
    fn a_read_only_file_is_left_alone() {
        let folder = Folder::new("read-only");
        let path = folder.0.join("agent.safetensors");
        fs::write(&path, "kept").unwrap();
        for mode in [0o444, 0o400, 0o555] {
            set_mode(&path, mode);
            assert!(refused(save(&path, &state())).contains("read-only"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        assert_eq!(names(&folder.0), ["agent.safetensors"]);
    }

    #[test]
    fn another_hard_link_keeps_the_old_file() {
        let folder = Folder::new("hard");
        let (path, other) = (folder.0.join("agent.safetensors"), folder.0.join("other"));
        fs::write(&other, "old").unwrap();
        fs::hard_link(&other, &path).unwrap();
        save(&path, &state()).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "old");
    }

    #[test]
    fn what_is_no_regular_file_is_named_and_left_alone() {
        let folder = Folder::new("irregular");
        let [pipe, socket, link] = ["pipe", "socket", "link"].map(|name| folder.0.join(name));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listener = UnixListener::bind(&socket).unwrap();
        symlink(&pipe, &link).unwrap();
        for (path, kind) in [(&pipe, "a pipe"), (&link, "a pipe"), (&socket, "a socket")] {
            assert!(refused(save(path, &state())).contains(kind));
            assert!(refused(load(path)).contains(kind));
        }
        // Not saved to: a bug would replace the system's own.
        assert!(refused(load(Path::new("/dev/zero"))).contains("a device"));
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(names(&folder.0), ["link", "pipe", "socket"]);
    }
}
