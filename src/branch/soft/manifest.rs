//! What a manifest depends on, by name: read line by line, for a warning and never for a verdict.

use std::collections::BTreeMap;

use gix::bstr::ByteSlice;
use serde_json::Value;

/// Names of dependencies, with the version that is asked for where one is.
pub(super) type Dependencies = BTreeMap<String, Option<String>>;

/// A kind of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manifest {
    /// `Cargo.toml`
    Cargo,
    /// `package.json`
    Npm,
    /// `pyproject.toml`
    Python,
    /// `requirements*.txt`
    Requirements,
    /// `go.mod`
    Go,
    /// `Gemfile`
    Ruby,
    /// `composer.json`
    Composer,
}

/// What manifest a file of this name is, if it is one.
pub(super) fn manifest(name: &[u8]) -> Option<Manifest> {
    match name {
        b"Cargo.toml" => Some(Manifest::Cargo),
        b"package.json" => Some(Manifest::Npm),
        b"pyproject.toml" => Some(Manifest::Python),
        b"go.mod" => Some(Manifest::Go),
        b"Gemfile" => Some(Manifest::Ruby),
        b"composer.json" => Some(Manifest::Composer),
        _ if name.starts_with(b"requirements") && name.ends_with(b".txt") => Some(Manifest::Requirements),
        _ => None,
    }
}

/// What it depends on; what cannot be read is left out.
pub(super) fn dependencies(manifest: Manifest, content: &[u8]) -> Dependencies {
    let text = content.to_str_lossy();
    let lines = || text.lines().map(str::trim);
    match manifest {
        Manifest::Cargo | Manifest::Python => toml(lines()),
        Manifest::Npm => {
            json(content, &["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"])
        }
        Manifest::Composer => json(content, &["require", "require-dev"]),
        Manifest::Requirements => {
            let plain = lines().map(|line| line.split(" #").next().unwrap_or_default());
            plain.filter(|line| !line.starts_with(['#', '-'])).filter_map(requirement).collect()
        }
        Manifest::Go => go(lines()),
        Manifest::Ruby => lines().filter_map(gem).collect(),
    }
}

fn json(content: &[u8], keys: &[&str]) -> Dependencies {
    let Ok(whole) = serde_json::from_slice::<Value>(content) else { return Dependencies::new() };
    let tables = keys.iter().filter_map(|key| whole.get(key)?.as_object());
    tables.flatten().map(|(name, version)| (name.clone(), version.as_str().map(str::to_owned))).collect()
}

/// Where in a TOML file we are.
enum Section {
    /// `name = version` or `name = { version = … }`.
    Table,
    /// The table of one dependency.
    One(String),
    /// `[project]`, where one key is a list of dependencies.
    Project,
    /// Every key is a list of dependencies.
    Lists,
    Other,
}

fn toml<'t>(lines: impl Iterator<Item = &'t str>) -> Dependencies {
    let mut found = Dependencies::new();
    let mut section = Section::Other;
    let mut is_in_list = false;
    for line in lines.filter(|line| !line.starts_with('#')) {
        if is_in_list {
            is_in_list = !take_list(line, &mut found);
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = section_of(name.split(']').next().unwrap_or_default());
            if let Section::One(name) = &section {
                found.insert(name.clone(), None);
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match &section {
            Section::Table if key != "python" => {
                let name = key.split('.').next().unwrap_or_default().trim_matches('"');
                found.insert(name.to_owned(), version_in(value));
            }
            Section::One(name) if key == "version" => {
                found.insert(name.clone(), strings(value).next().map(str::to_owned));
            }
            Section::Project if key != "dependencies" => {}
            Section::Project | Section::Lists => {
                is_in_list = value.strip_prefix('[').is_some_and(|list| !take_list(list, &mut found));
            }
            _ => {}
        }
    }
    found
}

fn section_of(name: &str) -> Section {
    let is_table = |part: &str| matches!(part, "dependencies" | "dev-dependencies" | "build-dependencies");
    let parts: Vec<&str> = name.split('.').map(|part| part.trim().trim_matches(['"', '\''])).collect();
    match parts.as_slice() {
        ["project"] => Section::Project,
        ["project", "optional-dependencies"] | ["dependency-groups"] => Section::Lists,
        [.., last] if is_table(last) => Section::Table,
        [.., above, last] if is_table(above) => Section::One((*last).to_owned()),
        _ => Section::Other,
    }
}

/// Take the requirements of one line of a list; whether the list ends there.
fn take_list(line: &str, found: &mut Dependencies) -> bool {
    found.extend(strings(line).filter_map(requirement));
    let outside: String = line.split(['"', '\'']).step_by(2).collect();
    outside.split('#').next().is_some_and(|plain| plain.contains(']'))
}

/// The strings in quotes.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split(['"', '\'']).skip(1).step_by(2)
}

/// `"1.2"` or `{ version = "1.2", … }`.
fn version_in(value: &str) -> Option<String> {
    let from = if value.starts_with(['"', '\'']) { value } else { value.split_once("version")?.1 };
    strings(from).next().map(str::to_owned)
}

/// `Name[extra] >= 1, < 2 ; marker`
fn requirement(text: &str) -> Option<(String, Option<String>)> {
    let text = text.split(';').next().unwrap_or_default().trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim();
    let version = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest).trim();
    // One name to Python's tools, however it is written.
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    (!name.is_empty()).then(|| (name, (!version.is_empty()).then(|| version.to_owned())))
}

fn go<'t>(lines: impl Iterator<Item = &'t str>) -> Dependencies {
    let mut found = Dependencies::new();
    let mut is_in_list = false;
    for line in lines {
        let words: Vec<&str> = line.split("//").next().unwrap_or_default().split_whitespace().collect();
        match words.as_slice() {
            ["require", "("] => is_in_list = true,
            [")"] => is_in_list = false,
            ["require", name, version] => drop(found.insert((*name).to_owned(), Some((*version).to_owned()))),
            [name, version] if is_in_list => drop(found.insert((*name).to_owned(), Some((*version).to_owned()))),
            _ => {}
        }
    }
    found
}

/// `gem "name", "~> 1"`
fn gem(line: &str) -> Option<(String, Option<String>)> {
    let rest = line.strip_prefix("gem ").or_else(|| line.strip_prefix("gem("))?;
    let mut given = rest.split(',').map(str::trim);
    let name = strings(given.next()?).next()?.to_owned();
    let version = given.next().filter(|next| next.starts_with(['"', '\'']));
    Some((name, version.and_then(|next| strings(next).next()).map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [&str; 7] =
        ["Cargo.toml", "package.json", "pyproject.toml", "requirements-dev.txt", "go.mod", "Gemfile", "composer.json"];

    /// `name version, …`
    fn read(name: &str, content: &str) -> String {
        let found = dependencies(manifest(name.as_bytes()).unwrap(), content.as_bytes());
        let one = |(name, version): (&String, &Option<String>)| match version {
            Some(version) => format!("{name} {version}"),
            None => name.clone(),
        };
        found.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_kind() {
        let cargo = "[package]\nname = \"x\"\n[dependencies]\na = \"1\" # why\nb = { version = '2', features = [\n\"x\",\n] }\n\
            c.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\nd = { path = \"../d\" }\n\
            [dependencies.e]\nfeatures = []\nversion = \"3\"\n[features]\nf = []\n";
        assert_eq!(read("Cargo.toml", cargo), "a 1, b 2, c, d, e 3");
        let npm = r#"{"name": "x", "dependencies": {"a": "^1"}, "devDependencies": {"@b/c": "2"}}"#;
        assert_eq!(read("package.json", npm), "@b/c 2, a ^1");
        let python = "[project]\nname = \"x\"\ndependencies = [\n  \"A_b[extra]>=1; x\", # [1]\n  'c',\n]\nkeywords = [\"no\"]\n\
            [dependency-groups]\ndev = [\"d==2\"]\n[tool.poetry.dependencies]\npython = \"^3\"\ne = \"^4\"\n";
        assert_eq!(read("pyproject.toml", python), "a-b >=1, c, d ==2, e ^4");
        assert_eq!(read("requirements-dev.txt", "# x\n-r a.txt\nA==1 # y\nb\n"), "a ==1, b");
        assert_eq!(read("go.mod", "module x\nrequire a v1\nrequire (\n\tb v2 // indirect\n)\n"), "a v1, b v2");
        assert_eq!(read("Gemfile", "gem 'a', '~> 1'\n  gem \"b\", require: false\n"), "a ~> 1, b");
        assert_eq!(read("composer.json", r#"{"require": {"a/b": "1"}}"#), "a/b 1");
        assert_eq!(manifest(b"other.toml"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_will_do(content in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}=,.\"' a-c\n#;(]{0,80}") {
            for name in ALL {
                let kind = manifest(name.as_bytes()).unwrap();
                dependencies(kind, &content);
                dependencies(kind, text.as_bytes());
                dependencies(kind, format!("[dependencies]\n{text}\n[project]\ndependencies = [{text}").as_bytes());
            }
        }
    }
}
