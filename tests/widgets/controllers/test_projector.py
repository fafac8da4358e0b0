"""The projector does not talk unless asked."""

from elbo_room.widgets import actions
from elbo_room.widgets.words import texts


def test_key_help_comes_only_when_asked_for_and_goes_with_the_next_action(lab):
    room = lab()
    before = room.screen.caption.value
    room.act(actions.ToggleProjector())
    assert room.screen.caption.value == before
    room.act(actions.PressKey("k"))
    assert room.screen.caption.value.endswith(texts.PROJECTOR)
    room.act(actions.ToggleProjector())
    assert room.screen.caption.value == before
