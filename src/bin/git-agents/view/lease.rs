//! How long something stays with its agent.

use chrono::{DateTime, Utc};
use git_agents::task::{Lease, Task};
use git_agents::work::leases::Standing;
use serde::Serialize;

use crate::render::style::Style;

/// The lease of what an agent has in hand.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LeaseView {
    pub(crate) ttl_s: u32,
    /// The agent's last act, by the clock where it happened.
    pub(crate) renewed_at: DateTime<Utc>,
    /// When it ends without another, by the same clock.
    pub(crate) until: DateTime<Utc>,
    /// Whether it has expired by this clone's own clock; absent where that was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expired: Option<bool>,
    #[serde(skip)]
    expired_at: Option<DateTime<Utc>>,
}

impl From<&Lease> for LeaseView {
    fn from(lease: &Lease) -> Self {
        let (ttl_s, renewed_at, until) = (lease.ttl_s, lease.renewed_at, lease.until());
        LeaseView { ttl_s, renewed_at, until, expired: None, expired_at: None }
    }
}

impl LeaseView {
    /// The lease of a task that somebody has in hand.
    pub(crate) fn of(task: &Task) -> Option<Self> {
        task.lease().as_ref().map(LeaseView::from)
    }

    /// Say how it stands by this clone's own clock.
    pub(crate) fn judge(&mut self, standing: Standing) {
        self.expired = Some(matches!(standing, Standing::Expired { .. }));
        self.expired_at = match standing {
            Standing::Expired { at, .. } => Some(at),
            Standing::Live { .. } => None,
        };
    }

    /// "expired 20m ago"; nothing while it runs.
    pub(crate) fn text(&self, style: &Style) -> String {
        self.expired_at.map(|at| format!("expired {}", style.ago(at))).unwrap_or_default()
    }
}
