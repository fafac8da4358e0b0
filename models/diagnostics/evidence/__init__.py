"""Estimates and bounds of log p(x)."""
