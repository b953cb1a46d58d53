//! The program as users meet it: real git, real processes, a file a command and a file a promise.
//!
//! Every test has a [`support::Sandbox`] of its own: nothing of the machine's git configuration, identity, clock or
//! ids reaches it. Rules of the state are tested beside them in `src/state`; here is the wiring, and what only
//! processes can show.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests start processes and look at their own environment, and a panic is how they fail"
)]

mod support;

mod agent;
mod agent_add;
mod agent_remove;
mod assign;
mod brief;
mod care;
mod checks;
mod claims;
mod claims_paths;
mod cleanup;
mod cleanup_backups;
mod cleanup_kill;
mod cleanup_proof;
mod cleanup_remote;
mod complete;
mod config;
mod conflicts;
mod conflicts_forms;
mod conflicts_path;
mod conflicts_show;
mod conflicts_unseen;
mod create;
mod doctor;
mod doctor_remote;
mod execute;
mod execute_ends;
mod execute_input;
mod execute_judged;
mod execute_resume;
mod execute_waits;
mod fail;
mod findings;
mod findings_import;
mod guard;
mod guard_folders;
mod hooks;
mod hooks_install;
mod init;
mod init_whole;
mod land;
mod land_order;
mod leases;
mod log;
mod merge;
mod merge_order;
mod merge_order_more;
mod merge_queue;
mod messages;
mod next;
mod overview;
mod past_runs;
mod ports;
mod presets;
mod profiles;
mod provisional;
mod ready;
mod rebase;
mod reset;
mod resolve;
mod resolve_abort;
mod resolve_answers;
mod run;
mod run_answers;
mod run_command;
mod run_disk;
mod run_faults;
mod run_hidden;
mod run_names;
mod run_namespaces;
mod run_race;
mod setup;
mod soft;
mod stacked;
mod start;
mod state_gone;
mod status;
mod strategies;
mod sync;
mod sync_agents;
mod sync_auto;
mod sync_built_on;
mod sync_clones;
mod sync_contest;
mod sync_elsewhere;
mod sync_fences;
mod sync_hosts;
mod sync_rewound;
mod sync_settings;
mod sync_strangers;
mod sync_trust;
mod task_add;
mod task_edit;
mod task_import;
mod task_list;
mod task_show;
mod task_states;
mod tmux;
mod tmux_attach;
mod unassign;
mod work;

mod environment;
mod import_any;
mod input;
mod output;

mod contest;
mod differential;
mod faults;
mod fuzz;
mod fuzzing;
mod landing_equality;

mod damage;
mod hostile;
mod kill;
mod landing_attributes;
mod landing_disk;
mod landing_faults;
mod landing_kill;
mod landing_kinds;
mod landing_meanwhile;
mod landing_syscalls;
mod layouts;
mod race;
mod recover;
mod recover_log;
mod replay;
mod resolve_kill;
mod teardown;
mod trust;
mod trust_file;
mod undo;
mod undo_clones;

mod demo;
mod documents;
mod setup_disk;
mod setup_ends;
mod setup_kill;
mod verdicts;
mod walkthrough;
