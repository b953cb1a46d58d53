//! Paths are claimed and released; claims end with their tasks, with their agents, and with their leases.

use super::Rules;
use crate::agent::AgentName;
use crate::claim::{Claim, ClaimId, ClaimedPath, NewClaim};
use crate::state::{Document, Rejected, State};
use crate::task::Lease;

impl Rules<'_> {
    /// Take away the claims whose lease is over.
    pub(in crate::state) fn end_expired_claims(&mut self) {
        let at = self.at;
        self.end_claims(|_, claim| !claim.is_live(at));
    }

    /// Take away the claims whose agent is gone, or no longer has the task in hand.
    pub(in crate::state) fn end_groundless_claims(&mut self) {
        self.end_claims(|state, claim| !state.is_grounded(claim));
    }

    pub(in crate::state) fn claim(
        &mut self,
        agent: &AgentName,
        claims: &[NewClaim],
        ttl_s: Option<u32>,
    ) -> Result<(), Rejected> {
        self.agent(agent)?;
        let in_hand = self.state.in_progress(agent).or_else(|| self.state.assigned_to(agent).first().copied());
        let task = in_hand.map(|task| task.id.clone());
        for (number, new) in claims.iter().enumerate() {
            self.is_free(agent, new)?;
            let own = self.state.claims.values_mut().find(|own| own.agent == *agent && own.path.is(&new.path));
            if let Some(own) = own {
                own.exclusive = new.exclusive;
                own.reason = new.reason.clone().or(own.reason.take());
                own.task = task.clone();
                own.lease = Lease::new(Some(ttl_s.unwrap_or(own.lease.ttl_s)), self.at);
                self.state.touched.insert(Document::Claim(own.id.clone()));
                continue;
            }
            let id = self.claim_id(number)?;
            let claim = Claim {
                id: id.clone(),
                agent: agent.clone(),
                path: new.path.clone(),
                exclusive: new.exclusive,
                reason: new.reason.clone(),
                task: task.clone(),
                created_at: self.at,
                lease: Lease::new(ttl_s, self.at),
                extra: Default::default(),
            };
            self.state.claims.insert(id.clone(), claim);
            self.state.touch(Document::Claim(id));
        }
        Ok(())
    }

    /// What is not claimed (any more) needs no release.
    pub(in crate::state) fn release(&mut self, agent: &AgentName, paths: &[ClaimedPath]) -> Result<(), Rejected> {
        self.agent(agent)?;
        self.end_claims(|_, claim| claim.agent == *agent && paths.iter().any(|path| path.is(&claim.path)));
        Ok(())
    }

    /// Refuse what somebody else has for itself, and to have for oneself what somebody else has.
    fn is_free(&self, agent: &AgentName, new: &NewClaim) -> Result<(), Rejected> {
        let mut others = self.state.claims_on(&new.path).filter(|claim| claim.agent != *agent);
        match others.find(|claim| claim.exclusive || new.exclusive) {
            None => Ok(()),
            Some(claim) => Err(Rejected::Claimed { path: new.path.clone(), by: Box::new(claim.clone()) }),
        }
    }

    /// The operation's id and the claim's number in it: no two clones make the same.
    fn claim_id(&self, number: usize) -> Result<ClaimId, Rejected> {
        let text = format!("{}-{number}", self.operation);
        let id: ClaimId = text.parse().map_err(|_| Rejected::BadOperationId { id: self.operation.clone() })?;
        let document = Document::Claim(id.clone());
        self.readable(&document)?;
        match self.state.claims.contains_key(&id) {
            true => Err(Rejected::ClaimExists { id }),
            false => Ok(id),
        }
    }

    fn end_claims(&mut self, ends: impl Fn(&State, &Claim) -> bool) {
        let ended: Vec<ClaimId> =
            self.state.claims.values().filter(|claim| ends(self.state, claim)).map(|claim| claim.id.clone()).collect();
        for id in ended {
            self.state.claims.remove(&id);
            self.state.touch(Document::Claim(id));
        }
    }
}

impl State {
    /// The claims on this path, above it and below it, whose lease may be over.
    pub fn claims_on<'a>(&'a self, path: &'a ClaimedPath) -> impl Iterator<Item = &'a Claim> {
        self.claims.values().filter(|claim| claim.path.overlaps(path))
    }

    /// Whether a claim's agent is there and has the task in hand that it ends with. A damaged document proves nothing.
    pub(in crate::state) fn is_grounded(&self, claim: &Claim) -> bool {
        let is_damaged = |document| self.damaged.iter().any(|damaged| damaged.document.as_ref() == Some(&document));
        let has_agent = self.agents.contains_key(&claim.agent) || is_damaged(Document::Agent(claim.agent.clone()));
        let has_task = claim.task.as_ref().is_none_or(|id| match self.tasks.get(id) {
            Some(task) => task.is_in_hand() && task.agent.as_ref() == Some(&claim.agent),
            None => is_damaged(Document::Task(id.clone())),
        });
        has_agent && has_task
    }
}

#[cfg(test)]
#[path = "claims_test.rs"]
mod tests;
