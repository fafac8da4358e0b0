"""Models and tables that a person hands to the worker."""
