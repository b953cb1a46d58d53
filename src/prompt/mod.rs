//! Prompts: what an agent is told about its task, its place, the others and the rules.
//!
//! `facts` collects what is true, `task_text` takes a task's text apart, `template` makes words of it. The text of a task
//! was written by others, perhaps in another clone: it is bounded, made printable and always quoted, so that the rules
//! stay recognisable as ours. Project files are named and never pasted, since the agent reads them where it works.

pub mod facts;
mod standards;
pub mod task_text;
pub mod template;

pub use facts::{Facts, Subject, gather};
pub use template::{PromptError, TEMPLATE_KEY, Template, brief};
