"""The user's actions, one concern per file."""
