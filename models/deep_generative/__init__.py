"""Deep latent Gaussian models, sigmoid belief networks, scVI: z ~ prior, x ~ a response of decoder(z)."""
