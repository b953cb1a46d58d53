//! The outside as inputs: time, randomness, environment.
