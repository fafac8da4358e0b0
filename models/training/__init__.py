"""A run: settings, optimiser, guard and checkpoints around the gradient estimate."""
