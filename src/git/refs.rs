//! Moving refs by compare-and-swap: one through gix, several in one `git update-ref --stdin` transaction.
