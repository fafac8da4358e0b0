"""The server for a class, `python lab serve --public`: a password, a home for each visitor, and as many labs as the machine can bear."""
