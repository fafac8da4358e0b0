"""Measuring the variance of the gradient beside the training."""
