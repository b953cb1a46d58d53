//! How answers look: colours, tables, small forms.

pub(crate) mod style;
pub(crate) mod table;
