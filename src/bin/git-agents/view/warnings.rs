//! What git merges and somebody should look at all the same: soft warnings and hazards.

use git_agents::branch::Matrix;
use git_agents::branch::hazard::{Forbidden, Hazard, HazardKind, Likeness, Side};
use git_agents::branch::soft::{Dependency, Soft, SoftKind};
use git_agents::git::repository::path_text;
use serde::Serialize;

use super::collision::LinesView;
use crate::render::style::{Style, counted, safe};

/// A soft warning. `class` is `nearby`, `dependency`, `migration` or `regenerate`; `b` is the target's branch where the
/// target has the other file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WarningView {
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) class: WarningClass,
}

/// What a soft warning is about.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "class", rename_all = "lowercase")]
pub(crate) enum WarningClass {
    Nearby {
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        a_lines: LinesView,
        b_lines: LinesView,
        /// Unchanged lines between the two.
        apart: u32,
    },
    Dependency {
        a_adds: Vec<String>,
        b_adds: Vec<String>,
        /// Both add it, with different versions.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        clashes: Vec<String>,
    },
    Migration {
        number: String,
        b_path: String,
    },
    Regenerate {
        command: String,
        /// Where to run it, from the top of the repository; empty is the top.
        folder: String,
    },
}

/// A name that some disk cannot keep, or cannot keep beside another. `class` is `alike` or `windows`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HazardView {
    pub(crate) branch: String,
    pub(crate) path: String,
    pub(crate) class: &'static str,
    /// Who has the other name, and which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with_path: Option<String>,
    pub(crate) reason: String,
}

/// Puts names to numbers.
pub(crate) struct Names<'a> {
    pub(crate) matrix: &'a Matrix,
    pub(crate) target: &'a str,
}

impl Names<'_> {
    fn branch(&self, number: usize) -> String {
        self.matrix.branches[number].name.clone()
    }

    fn side(&self, side: Side) -> String {
        match side {
            Side::Target => self.target.to_owned(),
            Side::Branch(number) => self.branch(number),
        }
    }

    pub(crate) fn warning(&self, soft: &Soft) -> WarningView {
        let adds = |all: &[Dependency]| all.iter().map(dependency).collect();
        let class = match &soft.kind {
            SoftKind::Nearby { function, a, b, apart } => WarningClass::Nearby {
                function: function.clone(),
                a_lines: (*a).into(),
                b_lines: (*b).into(),
                apart: *apart,
            },
            SoftKind::Dependency { a, b } => WarningClass::Dependency {
                a_adds: adds(a),
                b_adds: adds(b),
                clashes: soft.kind.clashes().into_iter().map(|(one, _)| one.name.clone()).collect(),
            },
            SoftKind::Migration { number, other } => {
                WarningClass::Migration { number: number.clone(), b_path: path_text(other.as_ref()) }
            }
            SoftKind::Regenerate { command, folder } => {
                WarningClass::Regenerate { command: (*command).to_owned(), folder: path_text(folder.as_ref()) }
            }
        };
        WarningView { a: self.branch(soft.a), b: self.side(soft.b), path: path_text(soft.path.as_ref()), class }
    }

    pub(crate) fn hazard(&self, hazard: &Hazard) -> HazardView {
        let (class, with, with_path, reason) = match &hazard.kind {
            HazardKind::Alike { with, path, how } => {
                let reason = match how {
                    Likeness::Case => "differ only in case",
                    Likeness::Composition => "differ only in how Unicode writes them",
                    Likeness::Ending => "differ only in dots or spaces at the end",
                };
                ("alike", Some(self.side(*with)), Some(path_text(path.as_ref())), reason.to_owned())
            }
            HazardKind::Windows(why) => {
                let reason = match why {
                    Forbidden::Device => "Windows keeps this name for a device".to_owned(),
                    Forbidden::Ending => "Windows drops the dot or space at its end".to_owned(),
                    Forbidden::Character(character) => format!("Windows cannot hold {character:?} in a name"),
                };
                ("windows", None, None, reason)
            }
        };
        HazardView {
            branch: self.branch(hazard.branch),
            path: path_text(hazard.path.as_ref()),
            class,
            with,
            with_path,
            reason,
        }
    }
}

fn dependency(one: &Dependency) -> String {
    match &one.version {
        Some(version) => format!("{} {version}", one.name),
        None => one.name.clone(),
    }
}

impl WarningView {
    pub(crate) fn text(&self, style: &Style) -> String {
        let (a, b) = (safe(&self.a), safe(&self.b));
        let about = match &self.class {
            WarningClass::Nearby { function, a_lines, b_lines, apart } => {
                let place = match function {
                    Some(function) => format!("both change `{}`", safe(function.trim())),
                    None if *apart == 0 => "changes side by side".to_owned(),
                    None => format!("changes {} apart", counted(*apart as usize, "line")),
                };
                format!("{place}  lines: {a} {a_lines}; {b} {b_lines}")
            }
            WarningClass::Dependency { a_adds, b_adds, clashes } => {
                let both = format!("dependencies: {a} adds {}; {b} adds {}", listed(a_adds), listed(b_adds));
                match clashes.is_empty() {
                    true => both,
                    false => format!("{}: {both}", style.red(&format!("two versions of {}", listed(clashes)))),
                }
            }
            WarningClass::Migration { number, b_path } => {
                format!("number {} is taken twice: {b} has {}", safe(number), safe(b_path))
            }
            WarningClass::Regenerate { command, folder } => {
                let place = if folder.is_empty() { String::new() } else { format!(" in {}", safe(folder)) };
                format!("written by a tool; after the second has landed: `{}`{place}", safe(command))
            }
        };
        format!(
            "{}  {} and {}\n  {}  {about}\n",
            style.cyan("warning "),
            style.bold(&a),
            style.bold(&b),
            safe(&self.path)
        )
    }
}

fn listed(all: &[String]) -> String {
    all.iter().map(|one| safe(one)).collect::<Vec<_>>().join(", ")
}

impl HazardView {
    pub(crate) fn text(&self, style: &Style) -> String {
        let (branch, path) = (safe(&self.branch), safe(&self.path));
        let who = match (&self.with, &self.with_path) {
            (Some(with), Some(other)) => {
                format!("{} and {}\n  {path} and {}", style.bold(&branch), style.bold(&safe(with)), safe(other))
            }
            _ => format!("{}\n  {path}", style.bold(&branch)),
        };
        format!("{}  {who}  {}\n", style.yellow("hazard  "), safe(&self.reason))
    }
}
