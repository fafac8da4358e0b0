"""ELBO Room's engine: models, their parts, and black box variational inference. It is independent of the screen.

Each folder holds one kind of part. Importing this package alone does not import torch, so that a
notebook kernel can read `elbo_room.models.settings` with 50 MB less.
"""
