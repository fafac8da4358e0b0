"""Random models by hypothesis: every unbiased estimator that applies has the exact gradient for its mean, within 4 standard errors.

Exact by quadrature and enumeration where q's families allow, by an independent long run elsewhere. A coordinate beyond 4 errors is
looked at again with eight times the replicates and new draws: of the thousands of coordinates one in 16,000 goes beyond by chance.
"""

from collections.abc import Mapping

import torch
from hypothesis import HealthCheck, find, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from elbo_room.models.estimators import Estimator, LeaveOneOut
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.inference.surrogate_context import refusal, tied
from elbo_room.models.probing.probe import Reference, exact, long_run
from tests.models.random_models import OTHERS, SIMPLE, RandomModel, Recipe, build, recipes
from tests.models.truth import LIMIT, every, unbiased_estimators

REPLICATES, AGAIN = 1500, 8
ALL = {name: part for name, part in unbiased_estimators().items() if part.bound == "elbo"}
FEW = budget(derandomize=True, database=None, deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def furthest(made: RandomModel, parts: Mapping[str, Estimator], truth: Reference, draws: int, level: str, kind: str,
             replicates: int, seed: int) -> float:  # fmt: skip
    """The largest distance of a coordinate's mean from the truth, in standard errors."""
    memory: dict[str, dict[str, torch.Tensor]] = {}
    generator = torch.Generator().manual_seed(seed)

    def once(repeats: int):
        return estimate(made.model, made.q, parts, made.batch, draws, generator, replicates=repeats, rao_blackwell=level,
                        noise_kind=kind, memory=memory)  # fmt: skip

    for _ in range(max(part.warm_up for part in parts.values())):
        once(1)
    found, worst = once(replicates), 0.0
    for name, site in made.model.sites.items():
        sample = found.draw_gradients(site).mean(1)  # (R, M, n_params, K)
        error = (sample.var(0) / replicates + truth.error[name].square()).sqrt()
        apart = (sample.mean(0) - truth.mean[name]).abs() / error.clamp_min(1e-7 * (1 + truth.mean[name].abs()))
        worst = max(worst, float(apart.max()))
    made.q.zero_grad()
    return worst


def check(
    made: RandomModel, parts: Mapping[str, Estimator], truth: Reference, draws: int, level: str, kind: str
) -> None:
    if furthest(made, parts, truth, draws, level, kind, REPLICATES, 1) > LIMIT:
        worst = furthest(made, parts, truth, draws, level, kind, AGAIN * REPLICATES, 2)
        names = {site: part.name for site, part in parts.items()}
        assert worst < LIMIT, f"{names} is {worst:.1f} standard errors off, B = {draws}, {level}, {kind} noise"


levels, kinds = st.sampled_from(list(RAO_BLACKWELL)), st.sampled_from(list(NOISES))


@FEW
@given(recipe=recipes(), draws=st.integers(1, 3), level=levels)
def test_every_estimator_that_applies_is_unbiased(recipe: Recipe, draws: int, level: str) -> None:
    made = build(recipe)
    truth = exact(made.model, made.q, made.batch)
    for estimator in ALL.values():
        parts = every(estimator, made.model)
        if refusal(made.model, parts, draws, q=made.q) is None and estimator.name != "analytic_kl":
            check(made, parts, truth, draws, level, "iid")


@FEW
@given(recipe=recipes(), draws=st.integers(1, 4), level=levels, kind=kinds, data=st.data())
def test_every_mixture_of_estimators_is_unbiased(
    recipe: Recipe, draws: int, level: str, kind: str, data: st.DataObject
) -> None:
    """Each site draws its own estimator among those that apply to it."""
    made = build(recipe)
    parts = {}
    for name, site in made.model.sites.items():
        allowed = [
            part for part in ALL.values()
            if part.supports(site.family, draws) is None and not (part.independent_draws and kind != "iid")
            and tied(part, name, made.q) is None
            and (part.name != "analytic_kl" or not recipe.nodes[int(name[1:])].parents)
        ]  # fmt: skip
        parts[name] = data.draw(st.sampled_from(allowed), label=f"estimator of {name}")
    if refusal(made.model, parts, draws, kind, made.q) is None:
        check(made, parts, exact(made.model, made.q, made.batch), draws, level, kind)


@budget(FEW, max_examples=15)
@given(recipe=recipes(tuple(SIMPLE | OTHERS), most=2, coordinates=3), draws=st.integers(2, 3), level=levels)
def test_families_without_nodes_agree_with_a_long_run(recipe: Recipe, draws: int, level: str) -> None:
    """Score-type and path estimators against 4,000 replicates of 8 draws of the calmest unbiased one, drawn apart from them."""
    made = build(recipe)
    truth = long_run(made.model, made.q, made.batch, torch.Generator().manual_seed(5), replicates=4000)
    for name in (
        "leave_one_out",
        "nvil",
        "path_only",
        "analytic_entropy",
        "measure_valued",
        "score_xi_each-leave_one_out",
    ):
        parts = every(ALL[name], made.model)
        if refusal(made.model, parts, draws, q=made.q) is None:
            check(made, parts, truth, draws, level, "iid")


def forgetful(recipe: Recipe) -> bool:
    """Whether some factor that keeps quiet about a parent is caught, by the check that the real models pass."""
    edges = [(k, j) for k, node in enumerate(recipe.nodes) for j in node.parents] + [(-1, j) for j in recipe.seen]
    for edge in edges:
        made = build(recipe, edge)
        truth = exact(made.model, made.q, made.batch)
        try:
            check(made, every(LeaveOneOut(), made.model), truth, 3, "blanket", "iid")
        except AssertionError:
            continue
        return False
    return True


def test_hypothesis_finds_a_factor_that_forgets_a_parent() -> None:
    """A wrong `on` is caught in most random models, the smallest of them included; the others' weights are tiny."""
    once = budget(FEW, max_examples=60)
    smallest = find(recipes(), forgetful, settings=once)
    assert len(smallest.nodes) == 1, "x forgets its only parent"
    caught = []

    @budget(FEW, max_examples=30)
    @given(recipe=recipes())
    def look(recipe: Recipe) -> None:
        caught.append(forgetful(recipe))

    look()
    assert sum(caught) > 0.5 * len(caught)


def test_plate_level_does_not_read_what_a_factor_forgets() -> None:
    """Only the Markov blanket reads `on`: the same wrong model is right per datum."""
    recipe = find(recipes(("normal",)), lambda found: len(found.nodes) == 2 and found.nodes[1].parents == (0,),
                  settings=budget(FEW))  # fmt: skip
    made = build(recipe, (1, 0))
    check(made, every(LeaveOneOut(), made.model), exact(made.model, made.q, made.batch), 3, "plate", "iid")
