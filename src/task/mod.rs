//! Tasks and the attempts at them.
