//! Several processes, and processes that die, at one path.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use innate_core::AgentState;
use innate_core::checkpoint::{load, save};

use super::{Folder, state};

const SAVES: u64 = 600;
const KILLS: u64 = 100;

/// Told by the environment, this test is the other process: it saves so many times to a path, one of two states in turn, and prints each
/// failure. Told nothing, it is one process on its own.
#[test]
fn a_writer() {
    let told = std::env::var_os("INNATE_TEST_PATH").map(PathBuf::from);
    let folder = told.is_none().then(|| Folder::new("writer"));
    let path = told.unwrap_or_else(|| folder.as_ref().unwrap().0.join("agent"));
    let saves: u64 = std::env::var("INNATE_TEST_SAVES").map_or(2, |saves| saves.parse().unwrap());
    let states = states();
    println!("process {}", std::process::id());
    for number in 0..saves {
        if let Err(error) = save(&path, &states[(number % 2) as usize]) {
            println!("failed {error:?}");
            return;
        }
    }
    println!("saved {saves}");
}

fn states() -> [AgentState; 2] {
    let state = state();
    [AgentState { note: "other".repeat(1000), ..state.clone() }, state]
}

/// Makes this test's program [`a_writer`] by a command that runs it.
fn writer(command: &mut Command, path: &Path, saves: u64) -> Child {
    command
        .args(["--exact", "processes::a_writer", "--nocapture", "--test-threads", "1"])
        .env("INNATE_TEST_PATH", path)
        .env("INNATE_TEST_SAVES", saves.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The lines that a writer printed.
fn lines(child: &mut Child) -> impl Iterator<Item = String> {
    BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap)
}

fn output(mut child: Child) -> String {
    let output: Vec<String> = lines(&mut child).collect();
    child.wait().unwrap();
    output.join("\n")
}

fn program() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// As in two containers. Where the system does not let this process make process namespaces, the two have ids of their own, which is said.
#[test]
fn two_processes_of_one_id_save_to_one_path() {
    let folder = Folder::new("two");
    let path = folder.0.join("agent.safetensors");
    let foreign = folder.0.join(".agent.safetensors.1.0.tmp");
    fs::write(&foreign, "kept").unwrap();
    let namespaces: [&[&str]; 2] = [&["--pid", "--fork"], &["--user", "--map-root-user", "--pid", "--fork"]];
    let permitted = namespaces
        .into_iter()
        .find(|options| Command::new("unshare").args(*options).arg("true").status().is_ok_and(|s| s.success()));
    let command = || match permitted {
        Some(options) => {
            let mut command = Command::new("unshare");
            command.args(options).arg(program());
            command
        }
        None => Command::new(program()),
    };
    let writers = [writer(&mut command(), &path, SAVES), writer(&mut command(), &path, SAVES)];
    for output in writers.map(output) {
        assert!(output.contains(&format!("saved {SAVES}")), "{output}");
        assert!(permitted.is_none() || output.contains("process 1\n"), "{output}");
    }
    if permitted.is_none() {
        let said = b"NOT TESTED HERE: two processes that are both process 1, for process namespaces are not permitted; two others were.\n";
        std::io::stderr().write_all(said).unwrap();
    }
    assert!(states().contains(&load(&path).unwrap()));
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "kept");
    assert_eq!(entries(&folder.0), 2, "no temporary is left");
}

#[test]
fn a_writer_killed_while_it_saves_leaves_a_whole_file_and_nothing_for_the_next() {
    let folder = Folder::new("killed");
    let path = folder.0.join("agent.safetensors");
    let states = states();
    save(&path, &states[0]).unwrap();
    let mut left = 0;
    for kill in 0..KILLS {
        let mut child = writer(&mut Command::new(program()), &path, u64::MAX);
        assert!(lines(&mut child).any(|line| line.contains("process ")));
        std::thread::sleep(Duration::from_micros(200 + 137 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(states.contains(&load(&path).unwrap()), "kill {kill}");
        left += entries(&folder.0) - 1;
        save(&path, &states[0]).unwrap();
        assert_eq!(entries(&folder.0), 1, "no temporary is left after kill {kill}");
    }
    assert!(left > 0, "no kill came in the middle of a save");
}

/// This program under `sh -c script`; as root, who may do anything, as somebody else.
fn unprivileged(folder: &Folder, script: &str) -> Command {
    let copy = folder.0.join("program");
    if !copy.exists() {
        fs::copy(program(), &copy).unwrap();
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{script} exec \"$0\" \"$@\"")]).arg(copy);
    if fs::metadata(&folder.0).is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0) {
        command.uid(65534).gid(65534);
    }
    command
}

#[test]
fn a_folder_that_cannot_be_synced_is_no_failure_and_one_that_cannot_be_written_is() {
    let folder = Folder::new("permissions");
    let own = folder.0.join("own");
    let path = own.join("agent.safetensors");
    assert!(unprivileged(&folder, "true;").arg("--list").stdout(Stdio::null()).status().unwrap().success());
    fs::create_dir(&own).unwrap();
    // To be read is what syncing takes, and what looking for dead temporaries takes.
    fs::set_permissions(&own, fs::Permissions::from_mode(0o333)).unwrap();
    assert!(output(writer(&mut unprivileged(&folder, ""), &path, 2)).contains("saved 2"));
    assert_eq!(load(&path).unwrap(), states()[1]);
    fs::set_permissions(&own, fs::Permissions::from_mode(0o555)).unwrap();
    let denied = output(writer(&mut unprivileged(&folder, ""), &path, 1));
    assert!(denied.contains("Let this process write"), "{denied}");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(entries(&own), 1);
}

/// A limit on a file's length fails a write as a full disk does.
#[test]
fn a_write_that_fails_leaves_the_file_and_no_temporary() {
    let folder = Folder::new("full");
    let path = folder.0.join("agent.safetensors");
    save(&path, &states()[1]).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 1; trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program());
    let full = output(writer(&mut command, &path, 1));
    assert!(full.contains("Make room"), "{full}");
    assert_eq!(load(&path).unwrap(), states()[1]);
    assert_eq!(entries(&folder.0), 1);
}
