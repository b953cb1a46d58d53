//! What is needed to resolve what was stopped by a conflict.

use git_agents::config::Target;
use git_agents::land::plan::Stop;
use git_agents::state::State;
use git_agents::work::landing::Landing;
use git_agents::work::packet::{Scene, packet};

use crate::context::Context;
use crate::view::merge::MergeView;

/// Put it together for every branch that conflicts.
pub(super) fn attach(ctx: &Context, target: &Target, state: &State, landing: &Landing, view: &mut MergeView) {
    let Ok(repo) = ctx.repo() else { return };
    let built = &landing.built;
    let scene = Scene { repo, scratch: &built.scratch, state, target, steps: &built.plan.steps };
    for (stopped, shown) in built.plan.stopped.iter().zip(&mut view.stopped) {
        let (Stop::Conflict { paths, .. }, Some(tip), Ok(name)) = (&stopped.reason, stopped.tip, stopped.name.parse())
        else {
            continue;
        };
        match packet(&scene, &name, tip, &landing.not_own(&stopped.name), paths) {
            Ok(packet) => shown.packet = Some((&packet).into()),
            Err(error) => ctx.ui.warn(&format!("what {name} conflicts with cannot be shown: {error}")),
        }
    }
}
