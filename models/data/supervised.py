"""Data with a response, by the kind of y: real, positive, fraction, count, binary, classes. Nothing is downloaded."""

from collections.abc import Mapping

from elbo_room.models.data import DATA, Dataset, Source, curves, planes, tables


def _ordered(name: str, symbol: str) -> Source:
    """A data set of sequences with classes, which other families of models take without its response."""
    part = DATA[name]
    return Source(name, part.label, part.help, part.load, symbol, kind="classes", axes=part.axes)


FEATURES = "features"  # the data whose x are a trained model's ẑ: `elbo_room.models.features`


def _no_features() -> Dataset:
    raise ValueError(
        "There are no features here. Train a deep generative model on labelled data, then press “Use this run's features” in the "
        "drawer 'Your data'; or Run(settings, elbo_room.models.features.for_response(run)) in a notebook."
    )


def _source(name: str, label: str, kind: str, symbol: str, words: str, axes: int = 0) -> Source:
    load = next(getattr(module, name) for module in (curves, planes, tables) if hasattr(module, name))
    return Source(name, label, words, load, symbol, kind=kind, axes=axes)


SUPERVISED: Mapping[str, Source] = {
    each.name: each
    for each in (
        _source("gap", "Curve with a gap", "real", "ℝ → ℝ", "80 noisy points of sin 2x + .3x, none of them in the middle; computed."),
        _source("outliers", "Line with outliers", "real", "ℝ → ℝ", "80 points of a line; one in eight is far off; computed."),
        _source("bursts", "Counts along a line", "count", "ℝ → ℕ", "80 counts whose mean is exp(1 + sin 1.5x + .3x); computed."),
        _source("durations", "Durations along a line", "positive", "ℝ → ℝ₊", "80 positive numbers with sd = mean/2; computed."),
        _source("fractions", "Fractions along a line", "fraction", "ℝ → (0,1)", "80 numbers in (0, 1) of precision 20; computed."),
        _source("moons", "Two moons", "binary", "ℝ² → {0,1}", "200 points of two half circles that meet; computed."),
        _source("spiral", "Three spiral arms", "classes", "ℝ² → {1,2,3}", "200 points of three arms, wound around each other."),
        _source("diabetes", "Diabetes", "real", "ℝ¹⁰ → ℝ", "442 patients, their progress after a year (scikit-learn's copy)."),
        _source("yacht", "Yacht hydrodynamics", "real", "ℝ⁶ → ℝ", "308 runs of a hull in a basin, its resistance (UCI, CC BY 4.0)."),
        _source("energy", "Energy of buildings", "real", "ℝ⁸ → ℝ", "768 simulated buildings, their heating load (UCI, CC BY 4.0)."),
        _source("concrete", "Concrete strength", "real", "ℝ⁸ → ℝ", "1,030 mixtures, their compressive strength (UCI, CC BY 4.0)."),
        _source("wine_red", "Red wine quality", "real", "ℝ¹¹ → ℝ", "1,599 wines, quality 3 to 8 (UCI, CC BY 4.0)."),
        _source("breast_cancer", "Breast cancer", "binary", "ℝ³⁰ → {0,1}", "569 tumours, benign or not (scikit-learn's copy)."),
        _source("visits", "Doctor visits", "count", "ℝ⁹ → ℕ", "3,000 person-years of the RAND health insurance experiment."),
        _source("digit_classes", "Digits, their class", "classes", "ℝ⁶⁴ → {0…9}", "1,797 handwritten digits of 8 × 8 pixels.", 2),
        Source(
            FEATURES, "Features of a run", "E[z|x] of a trained model, and its data's labels: the drawer 'Your data'.",
            _no_features, "ℝᴷ → label", kind="classes",
        ),
        _ordered("splice_junctions", "DNA⁶⁰ → {ei, ie, n}"),
        _ordered("planted_motifs", "DNA⁶⁰ → {none, 1, 2, 3}"),
        _ordered("gerbil", "words → noun"),
        _ordered("verses", "words → {Old, New}"),
    )
}  # fmt: skip
