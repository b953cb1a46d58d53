//! Where the state is kept: a linear chain of operations under refs/agents/state.
