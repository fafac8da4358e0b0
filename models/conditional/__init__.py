"""A response y given x: deep networks with a posterior over their weights."""
