//! Leases: stable, apart, given back, and refused rather than doubled.

use proptest::prelude::*;

use super::*;
use crate::land::fixture::Fixture;

fn name(text: &str) -> AgentName {
    text.parse().unwrap()
}

fn free(_: PortRange) -> bool {
    false
}

#[test]
fn a_lease_stays_until_it_is_given_back() {
    let fixture = Fixture::new();
    fixture.git(&["config", "agents.ports", "21000-21019"]);
    let repo = fixture.open();
    assert_eq!(of(&repo, &name("ann")).unwrap(), None);
    let ann = lease(&repo, &name("ann")).unwrap().unwrap();
    assert!(ann.is_new);
    let bob = lease(&repo, &name("bob")).unwrap().unwrap();
    assert!(!ann.ports.overlaps(bob.ports));
    fixture.git(&["config", "agents.portsEach", "3"]);
    let again = lease(&fixture.open(), &name("ann")).unwrap().unwrap();
    assert_eq!((again.ports, again.is_new), (ann.ports, false));
    assert_eq!(
        lease(&repo, &name("cam")).unwrap_err().to_string(),
        "no 10 ports of 21000-21019 are free: 2 agents have them"
    );
    assert_eq!(release(&repo, |name| name == "ann").unwrap(), 1);
    assert_eq!(release(&repo, |name| name == "ann").unwrap(), 0);
    assert_eq!(lease(&repo, &name("cam")).unwrap().unwrap().ports, ann.ports);
    assert_eq!(all(&repo).unwrap().into_keys().collect::<Vec<_>>(), ["bob", "cam"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let fixture = Fixture::new();
    for (key, bad) in
        [("agents.ports", "80-90"), ("agents.ports", "x"), ("agents.portsEach", "-1"), ("agents.portsEach", "1001")]
    {
        fixture.git(&["config", key, bad]);
        let error = lease(&fixture.open(), &name("ann")).unwrap_err();
        assert!(matches!(error, PortsError::Range { .. } | PortsError::Each { .. }), "{error}");
        fixture.git(&["config", "--unset", key]);
    }
    fixture.git(&["config", "agents.portsEach", "0"]);
    let repo = fixture.open();
    assert_eq!(lease(&repo, &name("ann")).unwrap(), None);
    std::fs::create_dir_all(repo.agents_dir()).unwrap();
    for bad in [
        "",
        "{",
        "[]",
        r#"{"version":2,"leases":{}}"#,
        r#"{"version":1,"leases":{"a":{"first":80,"count":1}}}"#,
        r#"{"version":1,"leases":{"a":{"first":2000,"count":2},"b":{"first":2001,"count":1}}}"#,
    ] {
        std::fs::write(file(&repo), bad).unwrap();
        assert!(matches!(lease(&repo, &name("ann")), Err(PortsError::Unsound { .. })), "{bad}");
    }
}

#[test]
fn a_file_that_is_broken_is_mended_with_what_makes_sense() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    assert_eq!(mend(&repo).unwrap(), None);
    std::fs::create_dir_all(repo.agents_dir()).unwrap();
    let lease = |name: &str, first: u16| format!("\"{name}\":{{\"first\":{first},\"count\":10}}");
    let text =
        |version: u8, leases: &[String]| format!("{{\"version\":{version},\"leases\":{{{}}}}}", leases.join(","));
    for (broken, kept) in [
        ("{".to_owned(), vec![]),
        (text(2, &[lease("ann", 2000)]), vec!["ann"]),
        (text(1, &[lease("ann", 2000), lease("bob", 2005), lease("cam", 3000), lease("dan", 80)]), vec!["cam"]),
    ] {
        std::fs::write(file(&repo), &broken).unwrap();
        let (aside, count) = mend(&repo).unwrap().unwrap();
        assert_eq!((std::fs::read_to_string(aside).unwrap(), count), (broken, kept.len()));
        assert_eq!(all(&repo).unwrap().into_keys().collect::<Vec<_>>(), kept);
        assert_eq!(mend(&repo).unwrap(), None);
    }
}

#[test]
fn what_is_in_use_comes_last() {
    let range: PortRange = "2000-2029".parse().unwrap();
    let second = |part: PortRange| part.first() != 2010;
    let taken = BTreeMap::new();
    assert_eq!(choose(&taken, range, 10, 0, second), Some((PortRange::new(2010, 10).unwrap(), false)));
    assert_eq!(choose(&taken, range, 10, 4, |_| true), Some((PortRange::new(2010, 10).unwrap(), true)));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(is_in_use(PortRange::new(port, 1).unwrap()));
}

#[test]
fn processes_that_ask_at_once_get_different_ports() {
    let fixture = Fixture::new();
    let repos: Vec<Repository> = (0..8).map(|_| fixture.open()).collect();
    let ports: Vec<PortRange> = std::thread::scope(|scope| {
        let one = |(n, repo): (usize, Repository)| {
            scope.spawn(move || {
                (0..5).map(|m| lease(&repo, &name(&format!("a{n}-{m}"))).unwrap().unwrap().ports).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = repos.into_iter().enumerate().map(one).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ports.len(), 40);
    for (n, one) in ports.iter().enumerate() {
        assert!(!ports[n + 1..].iter().any(|other| other.overlaps(*one)), "{ports:?}");
    }
}

proptest! {
    #[test]
    fn any_file_is_understood_or_refused(text in "\\PC{0,60}|\\{\"version\":1,\"leases\":\\{(\"[a-c]\":\\{\"first\":[0-9]{1,5},\"count\":[0-9]{1,3}\\},?){0,3}\\}\\}") {
        if let Ok(leases) = parse(text.as_bytes()) {
            prop_assert_eq!(parse(&text_of(&leases).unwrap()), Ok(leases));
        }
    }

    #[test]
    fn no_two_agents_have_the_same(each in 1u16..20, first in 1024u16..60000, length in 1u16..400, seed: u64, gone in any::<u64>()) {
        let Some(range) = PortRange::new(first, length) else { return Ok(()) };
        let mut leases: BTreeMap<String, PortRange> = BTreeMap::new();
        for n in 0..64 {
            let Some((ports, _)) = choose(&leases, range, each, seed, free) else { break };
            prop_assert!(leases.values().all(|taken| !taken.overlaps(ports)));
            prop_assert!(range.first() <= ports.first() && ports.last() <= range.last());
            leases.insert(format!("a{n}"), ports);
            if gone >> n & 1 == 1 {
                leases.remove(&format!("a{}", n / 2));
            }
        }
        prop_assert_eq!(parse(&text_of(&leases).unwrap()), Ok(leases));
    }
}
