"""Tables are standardised by their training rows, and the raw numbers can be recovered."""

import numpy as np

from elbo_room.models.data.tables import split, table


def test_the_held_out_rows_are_scaled_as_those_that_train() -> None:
    """test.x · scale + mean gives back the raw rows, by the mean and scale of the training rows; a constant column is centred."""
    generator = np.random.default_rng(3)
    raw = generator.normal(3.0, 5.0, (40, 4)) * np.array([1.0, 10.0, 0.1, 0.0]) + 2.0
    y = generator.normal(-7.0, 2.0, 40)
    data = table("t", raw, y, ("a", "b", "c", "d"))
    train, held = split(40)
    mean, scale = raw[train].mean(0), raw[train].std(0)
    assert data.test is not None
    np.testing.assert_allclose(
        data.test.x.numpy() * np.where(scale > 0, scale, 1) + mean, raw[held], rtol=1e-6, atol=1e-5
    )
    np.testing.assert_allclose(data.x.numpy() * np.where(scale > 0, scale, 1) + mean, raw[train], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(data.test.y.numpy() * y[train].std() + y[train].mean(), y[held], rtol=1e-6, atol=1e-5)
    assert not np.allclose(data.test.x.numpy().mean(0)[:3], 0, atol=0.01), "by its own mean it would be 0"
