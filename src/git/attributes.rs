//! Which paths git merges as plain text, line by line, and nothing else.

use std::collections::BTreeSet;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::repository::Repository;
use super::run::{Git, GitError};

/// Those of `paths` for which no attribute of `source` (a commit or tree, as for
/// [`MergeTree::new`](super::merge_tree::MergeTree::new)), of `info/attributes` or of the user's own file names a
/// merge driver, and no setting changes how all files are merged. Sorted and unique paths are expected.
///
/// # Errors
/// [`GitError`] when git cannot be asked.
pub fn merged_as_text(
    repository: &Repository,
    source: ObjectId,
    paths: &BTreeSet<BString>,
) -> Result<BTreeSet<BString>, GitError> {
    if paths.is_empty() || merges_in_its_own_way(repository)? {
        return Ok(BTreeSet::new());
    }
    let folder = repository.worktree().unwrap_or(repository.git_dir());
    let mut git = Git::at(folder).arg("--git-dir").arg(repository.git_dir());
    if let Some(worktree) = repository.worktree() {
        git = git.arg("--work-tree").arg(worktree);
    }
    let mut input = Vec::new();
    for path in paths {
        input.extend_from_slice(path);
        input.push(0);
    }
    let git = git.arg(format!("--attr-source={source}")).args(["check-attr", "-z", "--stdin", "merge"]);
    let output = git.input(input).stdout()?;
    // `<path> NUL merge NUL <value> NUL`, in the order of the questions.
    let fields: Vec<&[u8]> = output.split_str("\0").collect();
    let plain = fields.chunks_exact(3).filter(|answer| matches!(answer[2], b"unspecified" | b"set"));
    Ok(plain.map(|answer| BString::from(answer[0])).collect())
}

/// Whether there are settings of this one run, by `git -c` or in the environment, which reach git and not gix.
pub fn has_settings_of_this_run() -> bool {
    ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"].iter().any(|name| crate::world::World::variable(name).is_some())
}

/// A setting makes git merge every file in another way than line by line as it is.
fn merges_in_its_own_way(repository: &Repository) -> Result<bool, GitError> {
    if has_settings_of_this_run() {
        // They may include whole files, so git has to read them.
        let asked = ["config", "--get-regexp", "^merge\\.(default|renormalize)$"];
        return Ok(!repository.git().args(asked).run()?.stdout.is_empty());
    }
    let config = repository.gix().config_snapshot();
    Ok(config.string("merge.default").is_some() || config.boolean("merge.renormalize").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn drivers_are_seen_wherever_they_are_named() {
        let fixture = Fixture::new();
        fixture.write(".gitattributes", "*.union merge=union\n*.bin binary\n*.text merge\n");
        fixture.write("d/.gitattributes", "* -merge\n");
        let target = fixture.commit("base");
        fixture.write(".git/info/attributes", "mine merge=mine\n");
        // What happens to be checked out does not count.
        fixture.remove(".gitattributes");
        let paths: BTreeSet<BString> =
            ["a", "a.bin", "a.text", "a.union", "d/a", "e/\n", "mine"].into_iter().map(Into::into).collect();
        let plain = merged_as_text(&fixture.open(), target, &paths).unwrap();
        assert_eq!(plain.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "a.text", "e/\n"]);
        for setting in [["merge.renormalize", "yes"], ["merge.default", "mine"]] {
            fixture.git(&["config", setting[0], setting[1]]);
            assert_eq!(merged_as_text(&fixture.open(), target, &paths).unwrap(), BTreeSet::new());
            fixture.git(&["config", "--unset", setting[0]]);
        }
    }
}
