//! Keys that have names in them: what is said of one agent, of one profile, of one preset.

use super::keys::{Key, Kind, Shared, key};
use crate::agent::AgentName;
use crate::name::check_name;
use crate::preset::category::{self, Complexity};

/// All of them. What stands in `<>` is a name.
pub const FAMILIES: &[Key] = &[
    key("agents.<agent>.profile", Kind::Name, "", Shared::Trusted),
    key("agents.<agent>.strategy", super::keys::STRATEGIES, "", Shared::Yes),
    key("agents.preset.<preset>.<category>", Kind::Model, "", Shared::Yes),
    key("agents.preset.<preset>.<category>.<complexity>", Kind::Model, "", Shared::Yes),
    key("agents.profile.<profile>.command", Kind::Command, "", Shared::Trusted),
    key("agents.profile.<profile>.cost", Kind::Path, "", Shared::Trusted),
    key("agents.profile.<profile>.fast", Kind::Model, "", Shared::Trusted),
    key("agents.profile.<profile>.instructions", Kind::Text, "", Shared::Trusted),
    key("agents.profile.<profile>.interactive", Kind::Command, "", Shared::Trusted),
    key("agents.profile.<profile>.model", Kind::Command, "", Shared::Trusted),
    key("agents.profile.<profile>.resume", Kind::Command, "", Shared::Trusted),
    key("agents.profile.<profile>.session", Kind::Path, "", Shared::Trusted),
    key("agents.profile.<profile>.shell", Kind::Flag, "", Shared::Trusted),
    key("agents.profile.<profile>.standard", Kind::Model, "", Shared::Trusted),
    key("agents.profile.<profile>.stdin", Kind::Words(&["nothing", "prompt", "open"]), "", Shared::Trusted),
    key("agents.profile.<profile>.strong", Kind::Model, "", Shared::Trusted),
    key("agents.profile.<profile>.tokens", Kind::Path, "", Shared::Trusted).many(),
];

/// The family that a name belongs to, and the name as it is written; none when there is none.
pub(super) fn find(name: &str) -> Option<(Key, String)> {
    let (section, rest) = name.split_once('.')?;
    if !section.eq_ignore_ascii_case("agents") {
        return None;
    }
    let (middle, last) = rest.rsplit_once('.')?;
    let last = last.to_ascii_lowercase();
    if let Some(profile) = middle.strip_prefix("profile.").filter(|name| check_name(name).is_ok()) {
        let key = family(&format!("agents.profile.<profile>.{last}"))?;
        return Some((key, format!("agents.profile.{profile}.{last}")));
    }
    if let Some(preset) = middle.strip_prefix("preset.") {
        return of_preset(preset, &last);
    }
    let agent: AgentName = middle.parse().ok()?;
    Some((family(&format!("agents.<agent>.{last}"))?, format!("agents.{agent}.{last}")))
}

/// `<preset>` with a category, or `<preset>.<category>` with a complexity.
fn of_preset(middle: &str, last: &str) -> Option<(Key, String)> {
    // With a dot in it, a complexity that was misspelt would make another preset.
    let is_preset = |word: &str| check_name(word).is_ok() && !word.contains('.');
    if last.parse::<Complexity>().is_ok() {
        let (preset, category) = middle.split_once('.')?;
        let fits = is_preset(preset) && category::check(category).is_ok() && !category.contains('.');
        let key = family("agents.preset.<preset>.<category>.<complexity>")?;
        return fits.then(|| (key, format!("agents.preset.{preset}.{category}.{last}")));
    }
    let key = family("agents.preset.<preset>.<category>")?;
    let fits = is_preset(middle) && category::check(last).is_ok();
    fits.then(|| (key, format!("agents.preset.{middle}.{last}")))
}

fn family(pattern: &str) -> Option<Key> {
    FAMILIES.iter().find(|key| key.name == pattern).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<(&'static str, String)> {
        find(name).map(|(key, written)| (key.name, written))
    }

    #[test]
    fn names_are_taken_out_of_keys() {
        for (given, pattern, written) in [
            ("agents.ann.Strategy", "agents.<agent>.strategy", "agents.ann.strategy"),
            ("agents.a.b.profile", "agents.<agent>.profile", "agents.a.b.profile"),
            ("agents.profile.my.tool.COMMAND", "agents.profile.<profile>.command", "agents.profile.my.tool.command"),
            ("agents.profile.strategy", "agents.<agent>.strategy", "agents.profile.strategy"),
            ("agents.preset.mine.docs", "agents.preset.<preset>.<category>", "agents.preset.mine.docs"),
            (
                "agents.preset.mine.docs.simple",
                "agents.preset.<preset>.<category>.<complexity>",
                "agents.preset.mine.docs.simple",
            ),
        ] {
            assert_eq!(found(given), Some((pattern, written.to_owned())), "{given}");
        }
        for unknown in [
            "agents.ann.check",
            "agents.--x.strategy",
            "agents.profile.x.colour",
            "agents.profile.-x.command",
            "agents.preset.simple",
            "agents.preset.x.simple",
            "agents.preset.X.docs",
            "agents.preset.x.documentation",
            "agents.preset.x.bakend",
            "agents.preset.x.docs.medium",
            "agents.preset.x.docs.simple.more",
            "agents.preset.x.y.docs.simple",
            "core.editor",
        ] {
            assert_eq!(found(unknown), None, "{unknown}");
        }
        assert!(FAMILIES.is_sorted_by_key(|key| key.name));
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_found_or_not(name in "agents\\.[a-zA-Z.<>_-]{0,40}|\\PC{0,30}") {
            if let Some((_, written)) = find(&name) {
                proptest::prop_assert!(written.eq_ignore_ascii_case(&name));
                proptest::prop_assert!(find(&written).is_some());
            }
        }
    }
}
