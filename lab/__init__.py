"""Set-up, servers and notebooks (`python lab`)."""
