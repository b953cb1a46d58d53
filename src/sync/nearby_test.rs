//! When git is asked to look at everything, and what is taken off a pack.

use super::*;
use crate::git::fixture::Fixture;

#[test]
fn only_addresses_of_this_machine_are_near() {
    for url in ["file:///srv/a.git", "/srv/a.git"] {
        assert!(is_on_this_machine(url), "{url}");
    }
    for url in ["file://host/a.git", "ssh://host/a", "host:/a", "../a", "a", "https://host/a", "ext::sh /a", "-x", ""] {
        assert!(!is_on_this_machine(url), "{url}");
    }
}

#[test]
fn a_clone_in_which_objects_may_be_missing_is_left_to_git() {
    let fixture = Fixture::new();
    assert!(!has_gaps(&fixture.open()));
    fixture.git(&["config", "remote.far.promisor", "true"]);
    assert!(has_gaps(&fixture.open()));
    fixture.git(&["config", "--unset", "remote.far.promisor"]);
    assert!(!has_gaps(&fixture.open()));
    std::fs::write(fixture.open().common_dir().join("shallow"), "").unwrap();
    assert!(has_gaps(&fixture.open()));
}

#[test]
fn only_locks_of_packs_are_taken_off() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let folder = repo.common_dir().join("objects").join("pack");
    let names = ["pack-0a.keep", "pack-0a.pack", "pack-x.keep", "other.keep"];
    for name in names {
        std::fs::write(folder.join(name), "").unwrap();
        unlock(&repo, format!(".git/objects/pack/{name}").as_bytes());
    }
    unlock(&repo, b"../../../HEAD");
    assert_eq!(names.map(|name| folder.join(name).exists()), [false, true, true, true]);
    assert!(repo.common_dir().join("HEAD").exists());
}
