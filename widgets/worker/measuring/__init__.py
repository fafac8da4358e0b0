"""Measuring the variance of the gradient during training."""
