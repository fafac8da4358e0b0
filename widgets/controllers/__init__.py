"""What a person's actions mean, one concern a file."""
