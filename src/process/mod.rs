//! Processes that are not git: what the system knows of them, how they are ended, and a guard over what must not outlive
//! us. A process is never taken for another: a number counts only together with the time at which it was given.

pub mod guard;
pub mod table;
