//! Bringing branches home: built in memory, moved in one transaction, finished or undone after a kill.

#[cfg(test)]
pub(crate) mod fixture;
