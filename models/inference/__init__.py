"""Inference: the gradient estimate, the run that follows it, and the probe that measures it."""
