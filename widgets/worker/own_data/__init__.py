"""Models and tables that a user gives the worker."""
