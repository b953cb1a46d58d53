//! What the branches mean to each other: facts, overlap, conflicts, order.
