"""Recording the kernels of a training step once and playing them again without autograd, shapes or Python modules."""
