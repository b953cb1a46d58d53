//! A throw-away object folder: merges that are only asked about leave nothing in the repository.
