//! Files that a tool writes: to merge them by hand is a waste, the tool writes them anew.
//!
//! | file | command, in its folder | what it does |
//! |---|---|---|
//! | `Cargo.lock` | `cargo update --workspace` | resolves what the manifests ask for, keeps the other versions |
//! | `package-lock.json` | `npm install --package-lock-only` | the same, without touching `node_modules` |
//! | `yarn.lock` | `yarn install` | the same; Yarn resolves marked conflicts itself |
//! | `pnpm-lock.yaml` | `pnpm install --lockfile-only` | the same; pnpm resolves marked conflicts itself |
//! | `poetry.lock` | `poetry lock` | resolves anew; since Poetry 2 it keeps the other versions |
//! | `uv.lock` | `uv lock` | resolves what is asked for, keeps the other versions |
//! | `go.sum` | `go mod tidy` | sums for what the code imports, in `go.mod` too |
//! | `Gemfile.lock` | `bundle lock` | resolves what is asked for, keeps the other versions |
//! | `composer.lock` | `composer update --lock` | refreshes the hash and keeps the versions |
//!
//! Where conflict markers are in the way, take one side first (`git checkout --theirs -- FILE`).

const COMMANDS: [(&str, &str); 9] = [
    ("Cargo.lock", "cargo update --workspace"),
    ("package-lock.json", "npm install --package-lock-only"),
    ("yarn.lock", "yarn install"),
    ("pnpm-lock.yaml", "pnpm install --lockfile-only"),
    ("poetry.lock", "poetry lock"),
    ("uv.lock", "uv lock"),
    ("go.sum", "go mod tidy"),
    ("Gemfile.lock", "bundle lock"),
    ("composer.lock", "composer update --lock"),
];

/// The command that writes a file of this name, which is to be run in the file's folder.
pub(super) fn command(name: &[u8]) -> Option<&'static str> {
    COMMANDS.iter().find(|(file, _)| file.as_bytes() == name).map(|(_, command)| *command)
}
