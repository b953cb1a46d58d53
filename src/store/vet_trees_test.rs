//! Trees that nobody but an attacker makes.

use super::*;

#[test]
fn trees_that_we_would_never_write() {
    let chain = Chain::new();
    let blob = chain.blob(b"/etc/passwd");
    let with = |path: &str, kind, id| {
        let tree = chain.tree_with(path, kind, id);
        let edit = json!({ "do": "edit-task", "task": "1", "edit": {} });
        chain.refusal(chain.commit(tree, &message("01x", &edit)))
    };
    let odd = |path: &str, mode: &str| {
        format!(
            "the commit [TIP] has an unusable tree: {path} has mode {mode}, and only plain files and folders may be there"
        )
    };
    assert_eq!(with("agents/x.json", EntryKind::Link, blob), odd("agents/x.json", "120000"));
    assert_eq!(with("tally.json", EntryKind::BlobExecutable, blob), odd("tally.json", "100755"));
    assert_eq!(with("agents", EntryKind::Commit, chain.tip()), odd("agents", "160000"));
    assert_eq!(
        with("a/b/c/d/e/f/g/h", EntryKind::Blob, blob),
        "the commit [TIP] has an unusable tree: a/b/c/d/e/f/g is deeper than anything in a state"
    );
    let id = blob.as_slice();
    let many: Vec<u8> = (0..10_001).flat_map(|n| [format!("100644 {n:05}\0").as_bytes(), id].concat()).collect();
    let many = chain.repo.gix().objects.write_buf_tree(&many);
    assert_eq!(
        with("novel", EntryKind::Tree, many),
        "the commit [TIP] has an unusable tree: novel cannot be read: it has 10001 entries, 10000 are the most"
    );
    let twice = [b"100644 a\0", id, b"100644 a\0", id].concat();
    let twice = chain.repo.gix().objects.write_buf_tree(&twice);
    assert_eq!(
        with("novel", EntryKind::Tree, twice),
        "the commit [TIP] has an unusable tree: novel cannot be read: it has \"a\" twice"
    );
    let top = objects::tree_of(&chain.repo, chain.tip()).unwrap();
    let mut missing = chain.repo.gix().find_object(top).unwrap().data.clone();
    missing.extend([&b"40000 zzz\0"[..], &[0x11; 20]].concat());
    let missing = chain.repo.gix().objects.write_buf_tree(&missing);
    let edit = message("01x", &json!({ "do": "edit-task", "task": "1", "edit": {} }));
    let refused = chain.refusal(chain.commit(missing, &edit));
    assert!(refused.starts_with("the commit [TIP] has an unusable tree: zzz cannot be read"), "{refused}");
}

trait WriteTree {
    fn write_buf_tree(&self, bytes: &[u8]) -> ObjectId;
}

impl<T: gix::objs::Write> WriteTree for T {
    fn write_buf_tree(&self, bytes: &[u8]) -> ObjectId {
        self.write_buf(gix::objs::Kind::Tree, bytes).unwrap()
    }
}
