//! Being interrupted, and agents that wait for somebody.

use std::time::Duration;

use git_agents::execute::step::Stage;
use git_agents::run::{self, State as RunState};

use super::OnInterrupt;
use super::drive::Driver;
use crate::error::CliError;

/// How long a run has to end by itself when we are interrupted.
const GRACE: Duration = Duration::from_secs(10);

impl Driver<'_> {
    /// Nothing more is started; what runs is left or ended, as was said.
    pub(super) fn interrupted(&mut self) -> Result<(), CliError> {
        let ends = self.order.pace.on_interrupt == OnInterrupt::End;
        self.progress.interrupted(self.going.len(), ends)?;
        if !ends {
            return Ok(());
        }
        let repo = self.base.repo()?;
        let going = std::mem::take(&mut self.going);
        let errors: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = going
                .values()
                .map(|going| {
                    let (repo, run) = (repo.clone(), &going.run);
                    scope.spawn(move || run::stop(&repo, run, "an interrupt", GRACE).err().map(|e| e.to_string()))
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
        });
        errors.iter().for_each(|error| self.progress.warn(error));
        for (id, _) in going {
            self.because(&id, "interrupted".to_owned());
            self.stages.insert(id, Stage::Waiting);
        }
        Ok(())
    }

    /// Tell which agents wait for an answer.
    pub(super) fn ask(&mut self) -> Result<(), CliError> {
        let ctx = self.base.afresh();
        let idle_after = run::list::idle_after(ctx.repo()?)?;
        for (id, going) in &self.going {
            let found = run::list::one(ctx.repo()?, &going.run.id);
            let Some(run) = found.known() else { continue };
            if run.state(ctx.world.now, idle_after) != RunState::Waiting {
                self.asked.remove(id);
            } else if self.asked.insert(id.clone()) {
                let text = run.facts.report.known().and_then(|report| report.text.clone());
                self.progress.asks(id, &going.agent, text.as_deref())?;
            }
        }
        Ok(())
    }
}
