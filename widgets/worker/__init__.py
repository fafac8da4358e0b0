"""The worker: the only part of `widgets` that imports torch. It runs in its own process, or in a thread for a notebook's own model."""
