"""A session: the worker, its runs and the link to it."""
