//! What git has said before, so that it need not be asked again: a file for each target and everything else that its
//! word depends on.
//!
//! The word on two sides is the same as long as the sides, the target (whose attributes count), git itself and the
//! settings of merging are the same; all of them are in the name of the file or of the entry. Where more can matter, a
//! merge driver that somebody else wrote or the history of a submodule, nothing is remembered. The file is only a copy:
//! it may be missing, damaged or lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryMode;
use serde::{Deserialize, Serialize};

use super::changes::Change;
use super::conflict::ask::{Ask, Landed};
use super::history::{Histories, History, Parents};
use super::regions::{Lines, Region};
use super::verdict::{PathState, PathVerdict};
use crate::git::Repository;
use crate::git::merge_tree::{ConflictKind, Request, Stage, Stages};
use crate::git::repository::version;

/// More is not kept: a verdict is cheaper found again than searched for in a large file.
const MOST: usize = 20_000;

/// Branches with more commits of their own are looked at anew each time.
const LONGEST: usize = 500;

/// Files of this kind that are kept, the newest.
const FILES: usize = 6;

/// What is known of one target.
pub(super) struct Remembered {
    file: Option<PathBuf>,
    content: RefCell<Content>,
    is_new: Cell<bool>,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    /// By the commit of the branch: where it stands in history.
    #[serde(default)]
    histories: BTreeMap<String, SavedHistory>,
    /// By the tip of the branch: its changes in the target's files.
    branches: BTreeMap<String, SavedBranch>,
    /// By what was merged: what conflicts; nothing when it merges.
    pairs: BTreeMap<String, Vec<SavedPath>>,
}

#[derive(Serialize, Deserialize)]
struct SavedHistory {
    /// Its own commits, each with its parents.
    own: Vec<(String, Vec<String>)>,
    bases: Vec<String>,
    behind: usize,
}

#[derive(Clone, Serialize, Deserialize)]
enum SavedBranch {
    Clean { tree: String, changes: Vec<(String, SavedStage, SavedStage)> },
    Conflict { paths: Vec<SavedPath> },
}

/// The mode in octal, and the id.
type SavedStage = Option<(String, String)>;

#[derive(Clone, Serialize, Deserialize)]
struct SavedPath {
    path: String,
    kind: String,
    /// Start and number of lines on the first side, the second, and in the base.
    regions: Vec<[(u32, u32); 3]>,
    stages: [SavedStage; 3],
}

/// How a branch was found to stand to the target.
pub(super) enum KnownBranch {
    /// It merges to this tree, with these changes.
    Clean(ObjectId, Vec<Change>),
    /// It does not.
    Conflict(Vec<PathVerdict>),
}

impl Remembered {
    /// What there is for a target; nothing, and nothing will be, when more matters than can be told.
    pub(super) fn of(repository: &Repository, target: ObjectId) -> Self {
        let file = name(repository, target).map(|name| folder(repository).join(name));
        let known = file.as_deref().and_then(read).unwrap_or_default();
        Remembered { file, content: RefCell::new(known), is_new: Cell::new(false) }
    }

    /// Remember nothing.
    pub(super) fn nothing() -> Self {
        Remembered { file: None, content: RefCell::default(), is_new: Cell::new(false) }
    }

    /// The history of all these commits; nothing when one of them is new.
    pub(super) fn histories(&self, commits: &[ObjectId]) -> Option<Histories> {
        let content = self.content.borrow();
        let parse = |id: &String| id.parse::<ObjectId>().ok();
        let known = |commit: &ObjectId| -> Option<(History, Parents)> {
            let saved = content.histories.get(&commit.to_string())?;
            let parents = |(id, parents): &(String, Vec<String>)| {
                Some((parse(id)?, parents.iter().map(parse).collect::<Option<Vec<_>>>()?))
            };
            let parents: Parents = saved.own.iter().map(parents).collect::<Option<_>>()?;
            let own = parents.iter().map(|(id, _)| *id).collect();
            let bases = saved.bases.iter().map(parse).collect::<Option<_>>()?;
            Some((History { own, bases, behind: saved.behind }, parents))
        };
        Some(Histories::known(commits.iter().map(known).collect::<Option<_>>()?))
    }

    pub(super) fn keep_histories(&self, commits: &[ObjectId], histories: &Histories) {
        let mut content = self.content.borrow_mut();
        for (commit, history) in commits.iter().zip(&histories.each) {
            let Ok(history) = history else { continue };
            if history.own.len() > LONGEST {
                continue;
            }
            let text = |ids: &[ObjectId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
            let parents = histories.parents(history).into_iter().map(|(id, parents)| (id.to_string(), text(&parents)));
            let saved = SavedHistory { own: parents.collect(), bases: text(&history.bases), behind: history.behind };
            content.histories.insert(commit.to_string(), saved);
        }
        self.is_new.set(true);
    }

    pub(super) fn branch(&self, tip: ObjectId) -> Option<KnownBranch> {
        match self.content.borrow().branches.get(&tip.to_string())? {
            SavedBranch::Clean { tree, changes } => {
                let change = |(path, old, new): &(String, SavedStage, SavedStage)| {
                    Some(Change { path: path.as_str().into(), old: stage(old)?, new: stage(new)? })
                };
                let changes = changes.iter().map(change).collect::<Option<_>>()?;
                Some(KnownBranch::Clean(tree.parse().ok()?, changes))
            }
            SavedBranch::Conflict { paths } => {
                Some(KnownBranch::Conflict(paths.iter().map(restored).collect::<Option<_>>()?))
            }
        }
    }

    pub(super) fn keep_clean(&self, tip: ObjectId, tree: ObjectId, changes: &[Change]) {
        let save = |change: &Change| Some((text(&change.path)?, saved_stage(change.old), saved_stage(change.new)));
        let has_submodule = changes.iter().flat_map(|change| [change.old, change.new]).flatten().any(is_submodule);
        if let Some(changes) = changes.iter().map(save).collect::<Option<_>>()
            && !has_submodule
        {
            self.keep_branch(tip, SavedBranch::Clean { tree: tree.to_string(), changes });
        }
    }

    pub(super) fn keep_conflict(&self, tip: ObjectId, paths: &[PathVerdict]) {
        if let Some(paths) = saved(paths) {
            self.keep_branch(tip, SavedBranch::Conflict { paths });
        }
    }

    fn keep_branch(&self, tip: ObjectId, branch: SavedBranch) {
        self.content.borrow_mut().branches.insert(tip.to_string(), branch);
        self.is_new.set(true);
    }

    /// What conflicts between two sides, whose tips are named because lines are told as they are there.
    pub(super) fn pair(&self, ask: &Ask, tips: [ObjectId; 2]) -> Option<Vec<PathVerdict>> {
        self.content.borrow().pairs.get(&key(ask, tips))?.iter().map(restored).collect()
    }

    pub(super) fn keep_pair(&self, ask: &Ask, tips: [ObjectId; 2], paths: &[PathVerdict]) {
        if let Some(paths) = saved(paths) {
            self.content.borrow_mut().pairs.insert(key(ask, tips), paths);
            self.is_new.set(true);
        }
    }

    /// Write what is new; what stands in the way is passed over.
    pub(super) fn save(&self) {
        let content = self.content.borrow();
        if let Some(file) = &self.file
            && self.is_new.get()
            && content.pairs.len() + content.branches.len() + content.histories.len() <= MOST
        {
            drop(write(file, &content));
        }
    }
}

fn key(ask: &Ask, tips: [ObjectId; 2]) -> String {
    let Request { base, ours, theirs } = ask.request;
    let [base, attributes] = [base, ask.attributes].map(|id| id.map(|id| id.to_string()).unwrap_or_default());
    // The sides of what is told are the other way round when the second one has landed.
    let turned = if ask.landed == Landed::Second { " turned" } else { "" };
    format!("{base} {ours} {theirs} {} {} {attributes}{turned}", tips[0], tips[1])
}

fn folder(repository: &Repository) -> PathBuf {
    repository.agents_dir().join("cache").join("verdicts")
}

/// Everything but the sides that git's word depends on, in one name.
fn name(repository: &Repository, target: ObjectId) -> Option<String> {
    // Settings of this one run, which only git reads.
    if crate::git::attributes::has_settings_of_this_run() {
        return None;
    }
    let mut all = format!("{} {} {target}\n", env!("CARGO_PKG_VERSION"), version(repository.common_dir()).ok()?);
    let config = repository.gix().config_snapshot();
    let renormalizes = config.boolean("merge.renormalize").unwrap_or_default();
    // What is checked in, and with it what merge.renormalize merges, depends on `core` and on the filters.
    for section in ["merge", "diff", "attr", "core", "filter"] {
        for found in config.plumbing().sections_by_name(section).into_iter().flatten() {
            // What somebody else's program does is not for us to foresee.
            let is_program = section == "merge" || (section == "filter" && renormalizes);
            if is_program && found.header().subsection_name().is_some() {
                return None;
            }
            all.push_str(&found.to_bstring().to_str_lossy());
        }
    }
    let of_user = config.trusted_path("core.attributesFile").ok().flatten();
    let usual = crate::world::World::variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let usual = usual.or_else(|| crate::world::World::variable("HOME").map(|home| Path::new(&home).join(".config")));
    let usual = usual.map(|folder| folder.join("git/attributes"));
    let files =
        [of_user.or(usual), Some(repository.common_dir().join("info/attributes")), Some("/etc/gitattributes".into())];
    // Where history ends in a shallow clone, and where somebody has told it otherwise.
    let history = ["shallow", "info/grafts"].map(|file| repository.common_dir().join(file));
    let files = files.into_iter().flatten().chain(history);
    for file in files {
        if let Ok(content) = std::fs::read(file) {
            all.push_str(&format!("file {}\n", content.as_bstr()));
        }
    }
    let id = gix::objs::compute_hash(target.kind(), gix::objs::Kind::Blob, all.as_bytes()).ok()?;
    Some(id.to_string())
}

fn read(file: &Path) -> Option<Content> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn write(file: &Path, content: &Content) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(&serde_json::to_vec(content)?)?;
    new.persist(file).map_err(|error| error.error)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let many = files.len().saturating_sub(FILES);
    files[..many].iter().try_for_each(|(_, old)| std::fs::remove_file(old))
}

/// Nothing for a path that is not text: such a verdict is not kept.
fn text(path: &BString) -> Option<String> {
    path.to_str().ok().map(str::to_owned)
}

fn saved_stage(stage: Option<Stage>) -> SavedStage {
    stage.map(|stage| (format!("{:o}", stage.mode.value()), stage.id.to_string()))
}

/// The outer `None` is damage.
fn stage(saved: &SavedStage) -> Option<Option<Stage>> {
    let Some((mode, id)) = saved else { return Some(None) };
    Some(Some(Stage { mode: EntryMode::from_bytes(mode.as_bytes())?, id: id.parse().ok()? }))
}

fn is_submodule(stage: Stage) -> bool {
    stage.mode.is_commit()
}

/// Nothing when it cannot be kept.
fn saved(paths: &[PathVerdict]) -> Option<Vec<SavedPath>> {
    let mut found = Vec::new();
    for PathVerdict { path, state } in paths {
        let PathState::Conflict { kind, regions, stages } = state else { continue };
        let all = [stages.base, stages.ours, stages.theirs];
        if *kind == ConflictKind::Submodule || all.into_iter().flatten().any(is_submodule) {
            return None;
        }
        let lines = |lines: Lines| (lines.start, lines.lines);
        found.push(SavedPath {
            path: text(path)?,
            kind: kind.name().to_owned(),
            regions: regions.iter().map(|region| [region.a, region.b, region.base].map(lines)).collect(),
            stages: all.map(saved_stage),
        });
    }
    Some(found)
}

fn restored(saved: &SavedPath) -> Option<PathVerdict> {
    let lines = |(start, lines): (u32, u32)| Lines { start, lines };
    let region = |[a, b, base]: &[(u32, u32); 3]| Region { a: lines(*a), b: lines(*b), base: lines(*base) };
    let [base, ours, theirs] = &saved.stages;
    let stages = Stages { base: stage(base)?, ours: stage(ours)?, theirs: stage(theirs)? };
    let kind = ConflictKind::named(&saved.kind);
    let state = PathState::Conflict { kind, regions: saved.regions.iter().map(region).collect(), stages };
    Some(PathVerdict { path: saved.path.as_str().into(), state })
}
