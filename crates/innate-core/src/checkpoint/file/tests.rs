//! Temporaries: whose are removed, and what happens when one is taken away.

use super::*;

#[test]
fn only_dead_temporaries_of_the_target_are_removed() {
    let folder = std::env::temp_dir().join(format!("innate-temporaries-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (target, prefix) = (folder.join("agent"), prefix(OsStr::new("agent")));
    let mut living = Temporary::create(&folder, &prefix, true).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&living.file.metadata().unwrap().permissions()) & 0o777, 0o600);
    let foreign = [
        ".agent.1.0.tmp".to_owned(),
        format!("{prefix}0123456789abcdef"),
        format!("{prefix}0123456789ABCDEF.tmp"),
        format!("{prefix}0123456789abcde.tmp"),
        format!("{prefix}0123456789abcdef0.tmp"),
        format!("x{prefix}0123456789abcdef.tmp"),
        format!("{}0123456789abcdef.tmp", super::prefix(OsStr::new("other"))),
    ];
    for name in &foreign {
        fs::write(folder.join(name), name).unwrap();
    }
    let directory = folder.join(format!("{prefix}fedcba9876543210.tmp"));
    fs::create_dir(&directory).unwrap();
    let dead = folder.join(format!("{prefix}0123456789abcdef.tmp"));
    fs::write(&dead, "half").unwrap();

    replace(&target, b"first").unwrap();
    assert!(!dead.exists());
    assert!(living.path.exists() && directory.exists());
    for name in &foreign {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), *name);
    }
    living.write(b"second", None).unwrap();
    living.rename(&target).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"second");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_temporary_that_is_taken_away_is_made_again() {
    let folder = std::env::temp_dir().join(format!("innate-taken-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut taken = 0;
    let renamed = write_renaming(&folder, "x", None, b"bytes", |temporary| {
        if taken < ATTEMPTS - 1 {
            taken += 1;
            fs::remove_file(&temporary.path).unwrap();
        }
        temporary.rename(&folder.join("target"))
    });
    renamed.unwrap();
    assert_eq!(fs::read(folder.join("target")).unwrap(), b"bytes");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_system_that_takes_every_temporary_away_is_given_up() {
    let folder = std::env::temp_dir().join(format!("innate-given-up-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut asked = 0;
    let renamed = write_renaming(&folder, "x", None, b"bytes", |_| {
        asked += 1;
        assert!(asked <= ATTEMPTS, "asked once more after {ATTEMPTS} times");
        Err(ErrorKind::NotFound.into())
    });
    assert_eq!((renamed.unwrap_err().kind(), asked), (ErrorKind::NotFound, ATTEMPTS));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir_all(&folder).unwrap();
}
