use proptest::prelude::*;

use super::*;
use crate::land::fixture::Fixture;

fn record() -> Record {
    let id = |digit: u8| ObjectId::from_hex(&[digit; 40]).unwrap();
    Record {
        agent: "ann".parse().unwrap(),
        branch: "refs/heads/agents/ann".to_owned(),
        worktree: "/work/ä b".into(),
        git_dir: "/repo/.git/worktrees/ann".into(),
        tip: id(b'1'),
        target: "main".to_owned(),
        onto: id(b'2'),
        way: Way::Rebase,
        operation: "01kc".parse().unwrap(),
        at: "2026-01-05T09:00:00Z".parse().unwrap(),
        state: Some(id(b'3')),
        is_told: true,
    }
}

#[test]
fn what_is_written_is_read_again() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let record = record();
    assert_eq!(read(&repo, &record.agent).unwrap(), None);
    assert!(list(&repo).unwrap().is_empty());
    record.write(&repo).unwrap();
    assert_eq!(read(&repo, &record.agent).unwrap().as_ref(), Some(&record));
    assert_eq!(list(&repo).unwrap().len(), 1);
    record.remove(&repo).unwrap();
    record.remove(&repo).unwrap();
    assert_eq!(read(&repo, &record.agent).unwrap(), None);
}

#[test]
fn a_damaged_record_is_named_and_stays() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    record().write(&repo).unwrap();
    let path = file(&repo, &record().agent, "json");
    let good = std::fs::read_to_string(&path).unwrap();
    let changes = [
        good[..good.len() / 2].to_owned(),
        good.replace("\"version\": 1", "\"version\": 2"),
        good.replace(&"1".repeat(40), "1"),
        good.replace("refs/heads/", "refs/tags/"),
        good.replace("/work/", "work/"),
        good.replace("\"ann\"", "\"bob\""),
    ];
    for content in changes {
        std::fs::write(&path, &content).unwrap();
        let error = read(&repo, &record().agent).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{} is damaged: ", path.display())), "{error}");
        assert!(list(&repo).unwrap().pop().unwrap().is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn only_one_at_a_time() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    let held = Held::acquire(&repo, &record().agent).unwrap();
    let shared = held.lock.try_clone().unwrap();
    drop(held);
    let other = File::options().append(true).open(file(&repo, &record().agent, "lock")).unwrap();
    assert!(other.try_lock().is_err(), "whoever shares it keeps it");
    drop(shared);
    drop(Held::acquire(&repo, &record().agent).unwrap());
}

proptest! {
    #[test]
    fn bytes_from_anywhere_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Record::parse(&bytes));
    }

    /// A record in which a few bytes are others.
    #[test]
    fn a_changed_record_is_read_or_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = serde_json::to_vec_pretty(&Document::from(&record())).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drop(Record::parse(&bytes));
    }
}
