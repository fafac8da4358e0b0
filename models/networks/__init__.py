"""Networks: parameterised functions f(x; θ), and the elements they are built from."""

from models.networks.activation import ACTIVATIONS, Activation
from models.networks.feature_attention import ATTENTIONS, FeatureAttention
from models.networks.feed_forward import Architecture, FeedForward

__all__ = ["ACTIVATIONS", "ATTENTIONS", "Activation", "Architecture", "FeatureAttention", "FeedForward"]
