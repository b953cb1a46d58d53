//! How each agent's branch lands: by the command line, else by git's configuration, else by what works.

use std::collections::BTreeMap;

use crate::agent::AgentName;
use crate::config;
use crate::git::Repository;
use crate::land::Strategy;

/// The key that says it for all.
pub const STRATEGY_KEY: &str = "agents.strategy";

/// How each branch lands, resolved once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strategies {
    /// For agents of whom nothing else is said; none is what works.
    pub all: Option<Strategy>,
    /// For these agents.
    pub of: BTreeMap<AgentName, Strategy>,
}

/// A word in the configuration that names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {word:?}, which is none of rebase, merge and squash")]
pub struct UnknownStrategy {
    /// Where it stands.
    pub key: String,
    /// What stands there.
    pub word: String,
}

impl Strategies {
    /// One for all, whatever is configured.
    pub fn all(strategy: Option<Strategy>) -> Self {
        Strategies { all: strategy, of: BTreeMap::new() }
    }

    /// What was `given` on the command line, for all where no agent is named, before what is configured. A strategy
    /// that is given for all says nothing of an agent that one is given for, but overrules what is configured for it.
    ///
    /// # Errors
    /// [`UnknownStrategy`].
    pub fn resolve(
        repo: &Repository,
        agents: &[AgentName],
        given: &[(Option<AgentName>, Strategy)],
    ) -> Result<Self, UnknownStrategy> {
        let for_all = given.iter().rev().find(|(agent, _)| agent.is_none()).map(|(_, strategy)| *strategy);
        let mut strategies = Strategies::all(for_all);
        if for_all.is_none() {
            strategies.all = configured(repo, STRATEGY_KEY.to_owned())?;
            for agent in agents {
                let strategy = configured(repo, format!("agents.{agent}.strategy"))?;
                strategies.of.extend(strategy.map(|strategy| (agent.clone(), strategy)));
            }
        }
        strategies.of.extend(given.iter().filter_map(|(agent, strategy)| Some((agent.clone()?, *strategy))));
        Ok(strategies)
    }

    /// How this agent's branch lands; none is what works.
    pub fn of(&self, agent: &AgentName) -> Option<Strategy> {
        self.of.get(agent).copied().or(self.all)
    }
}

/// The word for a strategy, as the user types it.
pub fn strategy_word(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Rebase => "rebase",
        Strategy::Merge => "merge",
        Strategy::Squash => "squash",
    }
}

/// The strategy that a word names.
pub fn strategy_named(word: &str) -> Option<Strategy> {
    [Strategy::Rebase, Strategy::Merge, Strategy::Squash].into_iter().find(|one| strategy_word(*one) == word)
}

fn configured(repo: &Repository, key: String) -> Result<Option<Strategy>, UnknownStrategy> {
    let Some(word) = config::value(repo, &key) else { return Ok(None) };
    strategy_named(&word).map(Some).ok_or(UnknownStrategy { key, word })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::Fixture;

    #[test]
    fn flags_beat_configuration_and_agents_beat_all() {
        let fixture = Fixture::new();
        fixture.git(&["config", "agents.strategy", "squash"]);
        fixture.git(&["config", "agents.bob.strategy", "merge"]);
        let [ann, bob]: [AgentName; 2] = ["ann", "bob"].map(|name| name.parse().unwrap());
        let resolve = |given: &[(Option<AgentName>, Strategy)]| {
            let both = [ann.clone(), bob.clone()];
            let strategies = Strategies::resolve(&fixture.open(), &both, given).unwrap();
            both.map(|agent| strategies.of(&agent).map_or("-", strategy_word))
        };
        assert_eq!(resolve(&[]), ["squash", "merge"]);
        assert_eq!(resolve(&[(None, Strategy::Rebase)]), ["rebase", "rebase"]);
        assert_eq!(resolve(&[(Some(ann.clone()), Strategy::Rebase)]), ["rebase", "merge"]);
        assert_eq!(resolve(&[(Some(bob.clone()), Strategy::Squash), (None, Strategy::Rebase)]), ["rebase", "squash"]);
        fixture.git(&["config", "agents.strategy", "octopus"]);
        let error = Strategies::resolve(&fixture.open(), &[], &[]).unwrap_err();
        assert_eq!(error.to_string(), "agents.strategy is \"octopus\", which is none of rebase, merge and squash");
    }
}
