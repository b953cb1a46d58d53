//! What `git agents claim` takes for a path: from where you are, and nothing that leads elsewhere.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use insta::assert_snapshot;

use crate::support::{Sandbox, Shape};

#[test]
fn paths_are_from_where_you_are() {
    let sandbox = Sandbox::with_agents(&["ann", "bob"]);
    let worktree = sandbox.worktree_of("ann");
    std::fs::create_dir_all(worktree.join("src/db")).unwrap();
    std::os::unix::fs::symlink("src", worktree.join("link")).unwrap();
    let here = |dir: &str, args: &[&str]| sandbox.run(args).dir(worktree.join(dir)).output();
    assert_snapshot!(here("src", &["claim", "db/", "../docs/./x", "db"]), @"
    ann claims src/db
    ann claims docs/x
    [status 0]
    ");
    assert_snapshot!(here("", &["claim", "link/new.rs"]), @"
    ann claims src/new.rs
    [status 0]
    ");
    assert_snapshot!(here("src", &["claim", ".."]), @"
    ann claims all of the repository
    [status 0]
    ");
    let absolute = sandbox.repo().join("lines");
    assert_snapshot!(here("", &["claim", absolute.to_str().unwrap()]), @"
    ann claims lines
    [status 0]
    ");
    assert_snapshot!(here("src", &["claims", "--path", "."]), @"
    PATH        AGENT  CLAIM   TASK  ENDS IN  REASON
    .           ann    shared          2h 0m
    src/db      ann    shared          2h 0m
    src/new.rs  ann    shared          2h 0m
    [status 0]
    ");
    assert_snapshot!(here("src", &["release", "db"]), @"
    ann releases src/db
    [status 0]
    ");
    assert_snapshot!(here("src", &["release", "db"]), @"
    [stderr]
    error: ann has no claim on src/db
      try: git agents release ann .
    [status 3]
    ");
    assert_snapshot!(here("src", &["release", "--all"]), @"
    ann releases 4 paths
      all of the repository
      docs/x
      lines
      src/new.rs
    [status 0]
    ");
    assert_snapshot!(here("src", &["release", "--all"]), @"
    ann has claimed nothing
    [status 0]
    ");
}

#[test]
fn what_is_no_path_of_the_repository_is_refused() {
    let sandbox = Sandbox::with_agents(&["ann"]);
    let refused = |path: &str| sandbox.refused(["claim", "ann", path]).stderr;
    assert_snapshot!(refused(""), @"error: '' cannot be claimed: it is empty");
    assert_snapshot!(refused("../elsewhere"), @"
    error: ../elsewhere is outside the repository
      try: git rev-parse --show-toplevel
    ");
    assert_snapshot!(refused("/etc/passwd"), @"
    error: /etc/passwd is outside the repository
      try: git rev-parse --show-toplevel
    ");
    assert_snapshot!(refused(".git/config"), @"
    error: .git/config is inside the .git folder
      try: git rev-parse --show-toplevel
    ");
    assert_snapshot!(refused("sub/.Git/config"), @"error: sub/.Git/config cannot be claimed: it leads into .git");
    assert_snapshot!(refused("a\nb"), @r#"
    error: 'a
    b' cannot be claimed: it holds '\n'
    "#);
    assert_snapshot!(refused("src/*.rs"), @"
    error: 'src/*.rs' is a pattern, and claims are on files and folders
      try: git agents claim src, from the top of the worktree
    ");
    assert_snapshot!(refused(&"x".repeat(20_000)).replace(&"x".repeat(20_000), "[LONG]"), @"error: [LONG] cannot be claimed: it has 20000 bytes, 16384 are the most");
    let no_text = [OsStr::new("claim"), OsStr::new("ann"), OsStr::from_bytes(b"a\xff")];
    assert_snapshot!(sandbox.refused(no_text), @"
    [stderr]
    error: 'a�' cannot be claimed: its name is no UTF-8 text
      try: claim the folder that it is in
    [status 2]
    ");
    // A file that is called like a pattern is a file.
    std::fs::write(sandbox.repo().join("a*b"), "").unwrap();
    assert_snapshot!(sandbox.agents(["claim", "ann", "a*b", "-v"]).stdout, @"ann claims a*b");
    assert_snapshot!(sandbox.refused(["claim", "ann", "--", "-x"]), @"
    [stderr]
    error: -x cannot be claimed: it looks like an option
    [status 2]
    ");
}

#[test]
fn a_bare_repository_has_paths_from_its_top() {
    let sandbox = Sandbox::shaped(Shape { bare: true, ..Shape::default() });
    sandbox.register(&["ann"]);
    assert_snapshot!(sandbox.agents(["claim", "ann", "src/a.rs"]), @"
    ann claims src/a.rs
    [status 0]
    ");
    assert_snapshot!(sandbox.refused(["claim", "ann", "../a.rs"]), @"
    [stderr]
    error: ../a.rs cannot be found: the repository is bare, so give paths from its top
      try: git ls-tree -r --name-only HEAD
    [status 2]
    ");
}
