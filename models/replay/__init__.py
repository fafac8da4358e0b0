"""Recording the kernels of a training step once and replaying them without autograd, shape computations or Python modules."""
