//! Findings: what an agent noticed.
