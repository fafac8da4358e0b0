"""Models whose evidence or posterior is known in closed form: the yardsticks of tests, scenes and benchmarks."""
