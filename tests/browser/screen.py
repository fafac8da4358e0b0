"""The lab's screen as a user sees it: elements are found by their text."""

from __future__ import annotations

import re
import time
from typing import Any

INK = """(sel) => {
  let n = 0;
  for (const c of document.querySelectorAll(sel + ' canvas')) {
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let h = 0;
    for (let i = 0; i < d.length; i += 97) h = (h * 31 + d[i]) | 0;
    n = (n * 17 + h) | 0;
  }
  return n;
}"""


class Screen:
    """One page with the lab on it."""

    def __init__(self, page: Any, wait_until: Any) -> None:
        self.page, self.wait_until = page, wait_until

    def painted(self) -> None:
        """Wait for the first picture."""
        here = lambda: self.page.evaluate("globalThis.__elboRoom && {...globalThis.__elboRoom}")  # noqa: E731
        try:
            self.wait_until(self.page, "globalThis.__elboRoom?.painted >= 1 && globalThis.__elboRoom.views >= 4")
        except AssertionError as error:
            words = self.page.locator("body").inner_text()[:2000]
            raise AssertionError(f"{error}; counters: {here()}; the page says: {words!r}") from error

    def counters(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("({...globalThis.__elboRoom})")
        return found

    def text(self, name: str) -> str:
        return str(self.page.locator(f".elbo-{name}").first.text_content() or "")

    def step(self) -> int:
        found = re.search(r"step ([\d,]+)", self.text("status"))
        return int(found[1].replace(",", "")) if found else -1

    def trains(self, beyond: int) -> None:
        """Wait until a run of one's own is beyond a step; the example run has steps, too."""
        self.until(lambda: self.text("status").startswith("Running") and self.step() > beyond)

    def endless(self) -> None:
        """No run ends before the test has seen it run, however slowly this machine lets it look."""
        field = self.page.get_by_label("Stop at", exact=False).first

        def taken() -> bool:
            if field.input_value() != "100000":  # what the kernel says of a scene may come while this is typed
                field.fill("100000")
                field.press("Enter")
            return "of 100,000" in self.text("status")

        self.until(taken)

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def unfold(self, words: str) -> None:
        """Open a group of controls, or a menu whose button begins with these words."""
        head = self.page.locator(".elbo-opens", has_text=re.compile(f"^{words}")).first
        if "mod-active" not in (head.get_attribute("class") or ""):
            head.click()

    def until(self, truth: Any, seconds: float = 120.0) -> None:
        """Wait for a state, never for a time; the limit is for a machine that is busy and stands still now and then."""
        deadline = time.monotonic() + seconds
        while not truth():
            assert time.monotonic() < deadline, (
                f"it never came true; caption: {self.text('caption')!r}, status: {self.text('status')!r}"
            )
            self.page.wait_for_timeout(50)

    def paused(self) -> None:
        """Press Pause and wait until it is."""
        self.press("Pause")
        self.until(lambda: self.text("status").startswith("Paused"))

    def titled(self, panel: str, words: str) -> bool:
        """Whether a title in this panel has these words."""
        titles = self.page.locator(f".elbo-{panel} .elbo-title").all_text_contents()
        return any(words in title for title in titles)

    def ink(self, panel: str) -> int:
        """A number that changes when the panel's picture does."""
        return int(self.page.evaluate(f"({INK})('.elbo-{panel}')"))

    def hover(self, panel: str, across: float, down: float) -> None:
        self.page.locator(f".elbo-{panel}").first.scroll_into_view_if_needed()  # a notebook scrolls
        boxes = [each.bounding_box() for each in self.page.locator(f".elbo-{panel} .elbo-vega canvas").all()]
        box = next(each for each in boxes if each and each["width"] > 50)  # the others are out of sight
        self.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=2)

    def choose(self, label: str, words: str) -> None:
        self.page.get_by_label(re.compile(label)).first.select_option(label=words)
