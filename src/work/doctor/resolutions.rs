//! What `git agents resolve` began: what waits, what a kill left, records that are of no use any more.

use super::Ailment;
use crate::git::Repository;
use crate::work::resolve::record::RecordError;
use crate::work::resolve::sort::{Sorted, drop_over, sort};

/// Every record against what git has.
pub(super) fn examine(repo: &Repository, mend: bool) -> Vec<Ailment> {
    let sorted = match sort(repo, &[]) {
        Ok(sorted) => sorted,
        Err(error) => return vec![Ailment::error("resolutions", error.to_string()).hint("git worktree list")],
    };
    let Sorted { waiting, torn, foreign, over, damaged, .. } = sorted;
    let mut found = Vec::new();
    for waiting in waiting {
        let record = waiting.record;
        let message = format!("{} is resolving its conflict with {}", record.agent, record.target);
        found.push(Ailment::warning("resolving", message).hint("git agents merge --continue"));
    }
    for record in torn {
        let message = format!("git was killed while it resolved {}", record.agent);
        found.push(Ailment::error("resolution-torn", message).hint(format!("git agents resolve {}", record.agent)));
    }
    for (record, kind) in foreign {
        let path = record.worktree.display();
        let message = format!("the {} in {path} is not what git agents began for {}", kind.command(), record.agent);
        found.push(
            Ailment::warning("resolution-replaced", message).hint(format!("git agents agent show {}", record.agent)),
        );
    }
    for record in over {
        let message = format!("{} was to resolve its conflict with {}, which is over", record.agent, record.target);
        let removed = mend && drop_over(repo, &record.agent, None).is_ok();
        found.push(Ailment::warning("resolution-over", message).fixed(removed));
    }
    let named = |error: RecordError| Ailment::error("record-damaged", error.to_string()).hint("git worktree list");
    found.extend(damaged.into_iter().map(named));
    found
}
