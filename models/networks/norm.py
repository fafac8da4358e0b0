"""Normalisation before the activation: LN(u) = s ∘ (u − mean u)/sd u + a, mean and sd over the layer's units (Ba et al. 2016)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Norm:
    """What is done to a hidden layer's sums before the activation; `refused` is why it is never done here."""

    name: str
    label: str
    symbol: str
    help: str
    refused: str | None = None
    requires: tuple[dict[str, object], ...] = ()


NORMS: dict[str, Norm] = {
    each.name: each
    for each in (
        Norm("none", "none", "u", "The sums go to the activation unchanged."),
        Norm("layer", "layer norm", "LN(u)", "Each data point's sums are centred and scaled over the layer's units."),
        Norm(
            "batch",
            "batch norm",
            "BN(u)",
            "Refused: it would tie the data points of a minibatch together.",
            "With it a data point's density depends on the others of its minibatch, so the log joint is not a sum over data and N/M "
            "does not scale it. Choose layer norm.",
        ),
        Norm(
            "dropout",
            "dropout",
            "u ∘ mask",
            "Refused: its masks are draws of a q over weights.",
            "A mask is a draw from a q over weights (Gal and Ghahramani 2016), and draws belong to q, with their own gradient. "
            "Put a q on the weights instead.",
        ),
    )
}
