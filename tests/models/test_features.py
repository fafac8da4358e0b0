"""Features of a trained model are the posterior's means, row by row, and few labels are distributed evenly over the classes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elbo_room.models.conditional.settings import Settings as Conditional
from elbo_room.models.data import digits, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.exact.probabilistic_pca import fit
from elbo_room.models.features import embedded, few, for_response, read_features, why_not, write_features
from elbo_room.models.training.run import Run


def test_features_of_a_linear_model_are_the_principal_components() -> None:
    """At the optimum of probabilistic PCA E[z|x] = M⁻¹βᵀ(x − m): the trained encoder finds the same plane of features."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([3.0, 2.0, 0.4, 0.3, 0.2])
    basis = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    data = from_array(torch.randn(300, 5, generator=generator) * scale @ basis).split(0.2)
    run = Run(Settings(depth=0, latent_size=2, prior_scale=10.0, step_size=0.02, batch_size=240, stop_at=600), data)
    for _ in run:
        pass
    found = embedded(run)
    assert found.test is not None
    assert data.test is not None
    for ours, theirs in ((found, data), (found.test, data.test)):
        exact = fit(data.x, 2).posterior(theirs.x)[0].float()
        centred = ours.x - ours.x.mean(0), exact - exact.mean(0)
        explained = torch.linalg.lstsq(centred[0], centred[1]).solution
        error = (centred[1] - centred[0] @ explained).square().sum() / centred[1].square().sum()
        assert float(error) < 0.01
    assert found.feature_names == ("ẑ1", "ẑ2")
    assert torch.equal(found.y, data.labels.float())


def test_few_labels_are_as_many_of_each_class() -> None:
    data = digits().split(0.2)
    some = few(data, 50, seed=3)
    assert torch.bincount(some.labels).tolist() == [5] * 10
    assert some.test is data.test
    assert torch.bincount(few(data, 53).labels).tolist().count(6) == 3
    rows = {tuple(row) for row in data.x.tolist()}
    assert all(tuple(row) in rows for row in some.x.tolist())
    assert not torch.equal(few(data, 50, seed=4).x, some.x)


@pytest.mark.parametrize("count", [9, 100_000])
def test_too_few_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} rows were requested; digits has 1797 rows of 10 classes"):
        few(digits(), count)


def test_a_run_without_features_is_refused() -> None:
    run = Run(Conditional(width=4, depth=1))
    with pytest.raises(ValueError, match="no latent variable per data point, so no features"):
        embedded(run)
    table = Run(Settings(data="pinwheel", variational="table", width=4))
    assert embedded(table).x.shape == (500, 2)
    with pytest.raises(ValueError, match="no ν for new rows"):
        embedded(table, replace(table.data, name="others"))


def test_features_for_a_response_are_standardised_split_and_kept(tmp_path: Path) -> None:
    """The same rows are held out as by the run, or a fifth; the file holds them bit for bit."""
    run = Run(Settings(width=4, held_out=0.25))
    found = for_response(run)
    assert found.test is not None
    assert (found.size, found.test.size) == (run.data.size, run.data.test.size)  # type: ignore[union-attr]
    assert torch.equal(found.y, run.data.labels.float())
    raw = embedded(run)
    assert raw.test is not None
    for part, its in ((found, raw), (found.test, raw.test)):
        torch.testing.assert_close(part.x, (its.x - raw.x.mean(0)) / raw.x.std(0, correction=0))
    write_features(found, tmp_path / "tables" / "f.npz", "run 7")
    kept, title = read_features(tmp_path / "tables" / "f.npz")
    assert (title, kept.label_names, kept.feature_names) == ("run 7", found.label_names, found.feature_names)
    assert kept.test is not None
    assert torch.equal(kept.x, found.x)
    assert torch.equal(kept.test.y, found.test.y)
    whole = for_response(Run(Settings(data="pinwheel", variational="table", width=4)))
    assert whole.test is not None
    assert (whole.size, whole.test.size) == (400, 100)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Run(Conditional(width=4, depth=1)), "no latent variable per data point"),
        (lambda: Run(Settings(width=4), from_array(torch.randn(20, 3))), "no labels that a response could predict"),
        (lambda: Run(Settings(data="pinwheel", variational="table", width=4, held_out=0.2)), "no ν for new rows"),
    ],
)
def test_why_there_are_no_features(make, reason: str) -> None:
    run = make()
    assert reason in str(why_not(run))
    with pytest.raises(ValueError, match=reason):
        for_response(run)


def test_a_file_that_holds_no_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.npz").write_bytes(b"no")
    for path in (tmp_path / "f.npz", tmp_path / "gone.npz"):
        with pytest.raises(ValueError, match=r"cannot be read .* Make them again from their run"):
            read_features(path)
