//! Values that are bound to their rows, and rows of tenants.
