"""The variance of the gradient: R replicates at frozen parameters, and confidence intervals."""
