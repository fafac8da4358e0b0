"""Abbreviations and symbols, explained where they are first seen: those that are on the screen now, in one line below the panels."""

from __future__ import annotations

import html
import re

# What is looked for among the words in sight, and its meaning; the ones that everything else is about come first.
TERMS: tuple[tuple[str, str], ...] = (
    ("ELBO", "evidence lower bound: at most log p(x)"),
    ("nats", "1 nat = 1.44 bits"),
    ("KL", "Kullback–Leibler divergence of q from the prior"),
    ("q", "approximate posterior"),
    ("ν", "parameters of q"),
    ("z", "latent variable"),
    ("ĝ", "estimate of the gradient"),
    ("ξ*", "best weight of a control variate"),
    ("ξ", "weight of a control variate"),
    ("IWAE", "importance-weighted bound"),
    ("DReG", "doubly reparameterised gradient"),
    ("ESS", "effective sample size"),
    ("k̂", "Pareto shape: above 0.7 importance weights are unreliable"),
    ("DEF", "deep exponential family"),
    ("MAP", "maximum a posteriori: q is a point"),
    ("NUTS", "no-U-turn sampler"),
    ("AIS", "annealed importance sampling"),
    ("STL", "sticking the landing"),
    ("ARD", "automatic relevance determination"),
    ("ARI", "adjusted Rand index: 1 if clusters match the labels"),
    ("NMI", "normalised mutual information: 1 if clusters match the labels"),
    ("RMSE", "root mean squared error"),
    ("sd", "standard deviation"),
    ("λ", "scale of the prior"),
    ("w", "output of the network"),
    ("m", "mean of y: the inverse link of the network's output"),
    ("η", "natural parameter of the response"),
)
ROOM = 220  # characters, in two lines beside the tabs
ENDS = "(?![A-Za-zα-ωΑ-Ω*\u0302])"  # no letter, star or hat follows; a subscript may


def found(words: str, room: int = ROOM) -> list[tuple[str, str]]:
    """The terms among these words and what they mean, as many as there is room for."""
    terms: list[tuple[str, str]] = []
    for term, meaning in TERMS:
        if re.search(rf"(?<!\w){re.escape(term)}{ENDS}", words) is None:
            continue
        room -= len(term) + len(meaning) + 3
        if room < 0:
            break
        terms.append((term, meaning))
    return terms


def line(words: str) -> str:
    """HTML: the terms among these words, each with its meaning."""
    parts = (f"<span><dfn>{html.escape(term)}</dfn> {html.escape(meaning)}</span>" for term, meaning in found(words))
    return " ".join(parts)
