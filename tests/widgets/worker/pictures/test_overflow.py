"""After an overflow only finite numbers are drawn, and the caption says so."""

import numpy as np

from elbo_room.widgets.messages import About, Picture
from elbo_room.widgets.worker.pictures.overflow import finite

NAN = float("nan")


def about() -> About:
    return {"static": {"latent": {"cloud": {"colour": np.zeros(2, np.float32)}}}}


def test_rows_that_are_not_finite_are_left_out_and_the_caption_says_where() -> None:
    x = np.arange(3, dtype=np.float32)
    low = np.array([0.0, np.inf, 2.0], np.float32)
    picture: Picture = {
        "replace": {
            "fit": {"points": {"x": x, "low": low}, "line": {"x": x}},
            "latent": {"cloud": {"x": np.array([NAN, 1.0])}, "ellipses": {"x": np.array([1.0])}},
        },
        "append": {"scores": {"lines": {"value": np.array([NAN])}}},
        "params": {"fit": {"xLow": NAN, "xHigh": 2.0}},
        "facts": {"rmse": NAN, "accuracy": 0.5, "kl": [1.0, NAN]},
    }
    seen = finite(picture, about)
    np.testing.assert_array_equal(seen["replace"]["fit"]["points"]["x"], [0, 2])
    np.testing.assert_array_equal(seen["replace"]["fit"]["points"]["low"], [0, 2])
    assert seen["replace"]["fit"]["line"]["x"] is x
    assert list(seen["replace"]["latent"]) == ["ellipses"], "the cloud's colours stay, so its places do"
    assert len(seen["append"]["scores"]["lines"]["value"]) == 0
    assert seen["params"] == {"fit": {"xHigh": 2.0}}
    assert (seen["facts"]["rmse"], seen["facts"]["accuracy"], seen["facts"]["kl"]) == (None, 0.5, [])
    words = seen["facts"]["sentence"] or ""
    assert words.startswith("Some numbers of ")
    assert words.endswith("a parameter has overflowed. Press Reset and choose a smaller step size.")


def test_a_finite_picture_is_passed_on_as_it_is() -> None:
    def asked() -> About:
        raise AssertionError("nothing is asked of the run")

    picture: Picture = {"replace": {"fit": {"points": {"x": np.zeros(2)}}}, "facts": {"rmse": 0.1, "sentence": None}}
    assert finite(picture, asked) is picture
