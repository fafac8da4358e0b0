"""Thresholds used by the engine and drawn on the screen; imports nothing, so that both can read them."""

ACTIVE = 0.01  # nats per data point: a latent dimension or unit with a smaller KL has collapsed
