//! Python's data model for serde: the dynamic Value and the names that carry it through formats
