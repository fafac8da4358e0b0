"""Turns the worker's messages into what the charts draw."""
