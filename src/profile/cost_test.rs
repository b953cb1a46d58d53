//! What is read from outputs as the programs write them.

use proptest::prelude::*;

use super::super::builtin;
use super::*;

fn told(name: &str, output: &str) -> Told {
    builtin::find(name).unwrap().profile().cost.told(output.as_bytes(), output.as_bytes(), true)
}

#[test]
fn the_programs_tell_what_they_cost() {
    let claude = concat!(
        "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"3d2f-11\"}\n",
        "{\"type\":\"result\",\"total_cost_usd\":0.0312,\"session_id\":\"3d2f-11\",\"is_error\":false,",
        "\"usage\":{\"input_tokens\":10,\"output_tokens\":20,\"cache_read_input_tokens\":300}}\n",
    );
    let expected = Told { session: Some("3d2f-11".into()), cost_usd: Some(0.0312), tokens: Some(330) };
    assert_eq!(told("claude", claude), expected);
    let codex = concat!(
        "{\"type\":\"thread.started\",\"thread_id\":\"0199a213-81c0\"}\n",
        "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":26549,\"cached_input_tokens\":22272,\"output_tokens\":1590}}\n",
    );
    assert_eq!(
        told("codex", codex),
        Told { session: Some("0199a213-81c0".into()), cost_usd: None, tokens: Some(28139) }
    );
    let gemini = concat!(
        "{\"type\":\"init\",\"session_id\":\"abc\",\"model\":\"x\"}\n",
        "{\"type\":\"result\",\"status\":\"success\",\"stats\":{\"total_tokens\":25113}}\n",
    );
    assert_eq!(told("gemini", gemini), Told { session: Some("abc".into()), cost_usd: None, tokens: Some(25113) });
    let aider = "Tokens: 2.4k sent, 300 received. Cost: $0.0021 message, $0.0234 session.\n";
    assert_eq!(told("aider", aider), Told { session: None, cost_usd: Some(0.0234), tokens: None });
}

#[test]
fn parts_are_added_up_only_when_all_are_there() {
    let step = "{\"type\":\"step_finish\",\"sessionID\":\"ses_1\",\"part\":{\"cost\":0.25,\"tokens\":{\"input\":5,\"output\":1}}}\n";
    let output = step.repeat(3);
    assert_eq!(
        told("opencode", &output),
        Told { session: Some("ses_1".into()), cost_usd: Some(0.75), tokens: Some(18) }
    );
    let source = builtin::find("opencode").unwrap().profile().cost;
    let partly = source.told(output.as_bytes(), output.as_bytes(), false);
    assert_eq!(partly, Told { session: Some("ses_1".into()), cost_usd: None, tokens: None });
}

#[test]
fn nonsense_is_not_told() {
    for line in [
        "{\"session_id\":\"--evil\",\"total_cost_usd\":-1}",
        "{\"session_id\":\"a b\",\"total_cost_usd\":1e300}",
        "{\"session_id\":7,\"total_cost_usd\":\"much\",\"usage\":{\"input_tokens\":1e18}}",
        "{\"session_id\":\"x\"",
        "[1]",
        "{",
    ] {
        assert_eq!(told("claude", line), Told::default(), "{line}");
    }
    assert_eq!(told("aider", "Cost: $ session. Cost: $1.2.3 message, $x session"), Told::default());
}

#[test]
fn of_a_long_output_only_the_ends_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (newest, older) = (folder.path().join("stdout.log"), folder.path().join("stdout.log.1"));
    let noise = "some words of no interest at all\n".repeat(20_000);
    std::fs::write(&older, format!("{{\"thread_id\":\"first\"}}\n{noise}")).unwrap();
    std::fs::write(&newest, format!("{noise}{{\"usage\":{{\"output_tokens\":7}}}}\n")).unwrap();
    let source = builtin::find("codex").unwrap().profile().cost;
    let expected = Told { session: Some("first".into()), cost_usd: None, tokens: Some(7) };
    assert_eq!(source.read(&newest, &older).unwrap(), expected);
    std::fs::remove_file(&older).unwrap();
    assert_eq!(source.read(&newest, &older).unwrap(), Told { session: None, ..expected });
    std::fs::remove_file(&newest).unwrap();
    assert_eq!(source.read(&newest, &older).unwrap(), Told::default());
    assert!(source.read(folder.path(), &older).is_err());
}

proptest! {
    #[test]
    fn any_output_is_read(output in proptest::collection::vec(any::<u8>(), 0..200), line in "\\{\"(session_id|thread_id|cost)\":\\PC{0,20}\\}") {
        for entry in builtin::BUILT_IN {
            let source = entry.profile().cost;
            let mut whole = output.clone();
            whole.extend_from_slice(line.as_bytes());
            let told = source.told(&whole, &whole, true);
            prop_assert!(told.session.is_none_or(|session| is_session(&session)));
            prop_assert!(told.cost_usd.is_none_or(|cost| cost >= 0.0));
        }
    }
}
