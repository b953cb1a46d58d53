//! Landings on a disk that fills up: with no room at all, and with more and more of it, until there is enough.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::facts::{End, Work};
use super::ground::Ground;
use super::scenario::Scenario;
use super::tally::Tally;

/// What `mount` takes for a disk that is large enough for a scenario.
const SIZE: &str = "size=96m";
/// In what steps a disk in memory is filled.
const PAGE: u64 = 4096;

/// A small disk of its own.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mount(path: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(path).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "faults"]).arg(path).output();
        let output = mount.map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(Disk { path: path.to_owned() }),
            false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        }
    }

    fn free(&self) -> u64 {
        let output = Command::new("df").args(["--output=avail", "--block-size=1"]).arg(&self.path).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().last().unwrap().trim().parse().unwrap()
    }

    /// Leave only so many bytes free.
    fn fill(&self, left: u64) {
        let size = self.free().saturating_sub(left) / PAGE * PAGE;
        let status = Command::new("fallocate").args(["-l", &size.to_string()]).arg(self.filler()).status();
        assert!(status.unwrap().success());
    }

    fn clear(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.path).status());
    }
}

/// Land with `pages` more pages of room each time, until it needs no more.
///
/// # Errors
/// Why no disk can be mounted here.
pub(crate) fn fill_disks(program: &Path, scenario: Scenario, pages: u64) -> Result<Tally, String> {
    let folder = tempfile::Builder::new().prefix("git-agents-disk-").tempdir().unwrap();
    let disk = Disk::mount(&folder.path().canonicalize().unwrap().join("live"))?;
    let ground = Ground::within(folder, program, scenario);
    let work = Work::of(&ground);
    assert!(ground.land().status.success());
    let end = End::of(&ground);
    let mut tally = Tally::default();
    for number in 0.. {
        ground.restore();
        disk.fill(number * pages * PAGE);
        let output = ground.land();
        let is_enough = disk.free() > PAGE && output.status.success() && output.stderr.is_empty();
        let is_under_way = ground.has_journal();
        let mut losses = work.losses(&ground);
        match output.status.code() {
            Some(0 | 4) => {}
            // A branch of which git could not tell for want of room is stopped, as in a conflict.
            Some(1 | 3) => losses.extend(work.differences(&ground)),
            _ => losses.push(format!("it ended with {}", output.status)),
        }
        disk.clear();
        let again = ground.land();
        losses.extend(work.losses(&ground));
        if again.status.success() {
            losses.extend(end.differences(&ground, &End::of(&ground)));
        } else {
            losses.push(format!("with room again it ended with {}", again.status));
        }
        tally.faults += usize::from(!is_enough);
        tally.under_way += usize::from(is_under_way);
        tally.landings += 1;
        if !losses.is_empty() {
            let said =
                [&output.stdout, &output.stderr, &again.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
            let said = said.join("\n");
            let (kept, losses) = (ground.keep(), losses.join("\n"));
            let left = number * pages;
            tally.losses.push(format!("{left} pages left\n{losses}\nit said: {said}\nkept in {}", kept.display()));
        }
        if is_enough || tally.losses.len() > 5 {
            break;
        }
    }
    Ok(tally)
}
