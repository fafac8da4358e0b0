"""Responses and links as choices in a form: a name, its words, and its requirements on other knobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from elbo_room.models.data import ANY, Source
from elbo_room.models.families.support import Support
from elbo_room.models.responses.link import Link
from elbo_room.models.responses.response import Response
from elbo_room.models.settings import Need, rule


@dataclass(frozen=True)
class Choice:
    """A choice as plain words."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[Need, ...] = ()


def needs(support: Support, sources: Mapping[str, Source]) -> tuple[Need, ...]:
    """The rule that the data are in the support; none if all of them are."""
    fitting = [name for name, source in sources.items() if source.kind in (*support.kinds, ANY)]
    if len(fitting) == len(sources):
        return ()
    return (rule("data", f"It needs {support.data}. Choose other data, or another response.", among=fitting),)


def link_choices(links: Mapping[str, Link], responses: Mapping[str, type[Response]]) -> dict[str, Choice]:
    """The links, each with the responses that accept it."""
    found = {}
    for link in links.values():
        fitting = [name for name, part in responses.items() if part.takes(link)]
        reason = f"{link.reason} Choose the usual link, or another response."
        requires = (rule("response", reason, among=fitting),) if link.range else ()
        found[link.name] = Choice(link.name, link.label, link.symbol, link.help, requires)
    return found
