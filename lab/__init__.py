"""The house: set-up, servers and notebooks (`python lab`)."""
