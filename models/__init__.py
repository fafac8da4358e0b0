"""ELBO Room's engine: models, the parts they are made of, and black box variational inference. It knows of no screen.

Files are models; folders are the parts that models are made of. Importing this package alone imports no torch, so that a
notebook kernel can read `elbo_room.models.settings` for 50 MB less.
"""
