"""The numbers of a saved page: rounded by less than anyone sees, each part where the page looks for it."""

import numpy as np

from elbo_room.widgets.painting.saved_page import BITS, Numbers, frame_of, rounded


def test_rounding_keeps_thirteen_binary_digits_and_whatever_is_no_number() -> None:
    values = np.random.default_rng(0).normal(size=2000).astype(np.float32) * 10.0 ** np.arange(-10, 10).repeat(100)
    values = values.astype(np.float32)
    assert np.abs(rounded(values) / values - 1).max() <= 2.0 ** -(BITS + 1) * 1.001
    np.testing.assert_array_equal(rounded(np.float32([0, -1, 0.5, 3])), [0, -1, 0.5, 3])
    assert np.isnan(rounded(np.float32([np.nan]))[0])
    assert rounded(np.float32([-np.inf]))[0] == -np.inf
    pictures = np.arange(8, dtype=np.uint8)
    assert rounded(pictures) is pictures


def test_every_part_begins_where_its_place_says() -> None:
    """Of charts that are not in the page nothing is kept."""
    numbers = Numbers()
    numbers.put(({"kind": "frame"}, [b"abc"]))
    columns = {"x": np.float32([1, 2]), "y": np.float32([3, 4])}
    picture = {"replace": {"kl": {"bars": columns}, "network": {"edges": columns}}}
    message = {"kind": "grid", "chart": "latent"}
    kept = numbers.put(frame_of(picture, ["kl", "latent"], [(message, [b"12345"])]))
    data = b"".join(numbers.parts)
    assert [part["chart"] for part in kept["content"]["parts"]] == ["kl"]
    at, size = kept["at"]
    assert at % 4 == 0
    assert np.frombuffer(data[at : at + size], "<f4").tolist() == [1, 2, 3, 4]
    (said, places), (place,) = kept["content"]["messages"][0], kept["extra"]
    assert said == message
    assert places == [1]
    assert data[place[0] : place[0] + place[1]] == b"12345"
