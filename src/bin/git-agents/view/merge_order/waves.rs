//! What can land together.

use git_agents::branch::order::Plan;
use serde::Serialize;

use super::explain::names;

/// Branches that land at once. `manual`: it is one that has to be resolved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WaveView {
    pub(crate) branches: Vec<String>,
    pub(crate) manual: bool,
}

pub(super) fn waves(plan: &Plan) -> Vec<WaveView> {
    let name = |place: &usize| plan.order[*place].name.clone();
    let waves = plan.waves().into_iter();
    waves.map(|wave| WaveView { branches: wave.positions.iter().map(name).collect(), manual: wave.manual }).collect()
}

pub(super) fn text(waves: &[WaveView]) -> String {
    let mut text = "\nwaves, each of which lands together once the one before has landed:\n".to_owned();
    for (number, wave) in (1..).zip(waves) {
        let manual = if wave.manual { " (to be resolved)" } else { "" };
        text.push_str(&format!("{number:>3}. {}{manual}\n", names(&wave.branches)));
    }
    text
}
