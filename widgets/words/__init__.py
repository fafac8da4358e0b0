"""Sentences and tables on the page, from the numbers on the screen."""
