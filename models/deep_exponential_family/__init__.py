"""Deep exponential families (Ranganath et al. 2015): layers of gamma, Poisson, Bernoulli or Normal variables."""
