//! Where each document stands in the state's tree.
//!
//! ```text
//! format.json                           {"version": 1}
//! tally.json                            how many tasks are closed; absent when none is
//! agents/<name>.json
//! tasks/open/<shard>/<id>.json          everything not landed and not dropped
//! tasks/closed/<shard>/<id>.json
//! findings/<shard>/<id>.json
//! claims/<id>.json                      live claims only
//! ```
//! A shard is the low byte of the id's FNV-1a hash in hexadecimal: with 256 of them, one write to one of 10,000 tasks
//! rewrites a tree of about 40 entries. Open tasks are few and read by nearly every command, where each tree costs as
//! much as a document: their shard is the low four bits only.

use crate::name::check_name;
use crate::state::{Document, State};
use crate::world::fnv1a;

/// The ref that holds the state.
pub const STATE_REF: &str = "refs/agents/state";
/// The version of the layout and of the documents that this program reads and writes.
pub(super) const FORMAT_VERSION: u64 = 1;
/// The document that says which version it is.
pub(crate) const FORMAT_PATH: &str = "format.json";
/// The document with the counts.
pub(super) const TALLY_PATH: &str = "tally.json";

/// The shard that an id falls into: two hexadecimal digits.
pub fn shard(id: &str) -> String {
    format!("{:02x}", fnv1a(id.as_bytes()) & 0xff)
}

/// The shard that an open task falls into: one hexadecimal digit.
pub fn open_shard(id: &str) -> String {
    format!("{:x}", fnv1a(id.as_bytes()) & 0xf)
}

/// Every path at which the document may stand: a task has two, one while it is open and one when it is closed.
pub(super) fn paths(document: &Document) -> Vec<String> {
    match document {
        Document::Agent(name) => vec![format!("agents/{name}.json")],
        Document::Task(id) => {
            let (open, closed) = (open_shard(id.as_str()), shard(id.as_str()));
            vec![format!("tasks/open/{open}/{id}.json"), format!("tasks/closed/{closed}/{id}.json")]
        }
        Document::Finding(id) => vec![format!("findings/{}/{id}.json", shard(id.as_str()))],
        Document::Claim(id) => vec![format!("claims/{id}.json")],
        Document::Tally => vec![TALLY_PATH.to_owned()],
    }
}

/// The one path at which the document stands in `state`; none when there is no such document.
pub(super) fn path_in(state: &State, document: &Document) -> Option<String> {
    match document {
        Document::Agent(name) => state.agents.contains_key(name).then(|| paths(document).remove(0)),
        Document::Task(id) => {
            let task = state.tasks.get(id)?;
            Some(paths(document).remove(usize::from(task.state.is_closed())))
        }
        Document::Finding(id) => state.findings.contains_key(id).then(|| paths(document).remove(0)),
        Document::Claim(id) => state.claims.contains_key(id).then(|| paths(document).remove(0)),
        Document::Tally => (!state.tally.is_empty()).then(|| TALLY_PATH.to_owned()),
    }
}

/// The document that `path` is for; none when the path is not one of ours (also in the wrong shard).
pub(super) fn document_at(path: &str) -> Option<Document> {
    let stem = path.strip_suffix(".json")?;
    let name = stem.rsplit('/').next()?;
    let document = match stem.split('/').next()? {
        "agents" => Document::Agent(name.parse().ok()?),
        "tasks" => Document::Task(name.parse().ok()?),
        "findings" => Document::Finding(name.parse().ok()?),
        "claims" => Document::Claim(name.parse().ok()?),
        "tally" => Document::Tally,
        _ => return None,
    };
    paths(&document).iter().any(|known| known == path).then_some(document)
}

/// Why a file in a folder of ours is no document, although it is called like one; none where it is not.
pub(super) fn misplaced(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".json")?;
    let name = stem.rsplit('/').next()?;
    // Deeper and higher nobody looks.
    let parts: Vec<&str> = stem.split('/').collect();
    let is_read =
        matches!(parts[..], ["agents" | "claims", _] | ["findings", _, _] | ["tasks", "open" | "closed", _, _]);
    if !is_read || document_at(path).is_some() {
        return None;
    }
    Some(match check_name(name) {
        Err(reason) => format!("nothing is called that: {reason}"),
        Ok(()) => "it does not belong in this folder".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_back_to_their_documents() {
        for text in ["agents/agent-1", "tasks/16", "findings/abcde", "claims/abc-0", "tally"] {
            let document = Document::try_from(text.to_owned()).unwrap();
            for path in paths(&document) {
                assert_eq!(document_at(&path), Some(document.clone()), "{path}");
            }
        }
    }

    #[test]
    fn only_what_is_read_can_be_in_the_wrong_place() {
        for path in ["tasks/open/zz/1.json", "agents/-x.json", "findings/00/a.json"] {
            assert!(misplaced(path).is_some(), "{path}");
        }
        for path in ["tasks/closed/e3/d/4.json", "tasks/1.json", "novel/x.json", "agents/README", "agents/ann.json"] {
            assert_eq!(misplaced(path), None, "{path}");
        }
    }

    #[test]
    fn foreign_paths_are_no_documents() {
        for path in ["README", "agents/x/y.json", "tasks/open/zz/16.json", "agents/A.json", "tasks/16.json"] {
            assert_eq!(document_at(path), None, "{path}");
        }
    }
}
