"""The variance of the gradient: R replicates at frozen parameters, and the intervals of what they say."""
