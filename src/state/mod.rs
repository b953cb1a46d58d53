//! All that is known, and the operations that change it; pure.
