"""A family of models: one mean that all data share."""
