import { verdict, VotePage } from "../../../widgets/static/vote_page.js";
import { equal, test } from "./harness.js";

const POLL = {
  ask: "How noisy?",
  choices: ["up to 10×", "more"],
  open: true,
  yours: /** @type {number | null} */ (null),
  right: /** @type {number | null} */ (null),
  says: "",
};

test("before Reveal the page asks, and says that a vote can be changed", () => {
  equal(verdict(POLL), "Tap what you expect.");
  equal(verdict({ ...POLL, yours: 1 }), "You said more. You can change it until the answer is shown.");
});

test("after Reveal it says what this phone said and what the run says", () => {
  const shown = { ...POLL, open: false, right: 1, says: "500× at step 600" };
  equal(verdict({ ...shown, yours: 1 }), "You said more, the run says 500× at step 600. Right.");
  equal(verdict({ ...shown, yours: 0 }), "You said up to 10×, the run says 500× at step 600. Not so: more.");
  equal(verdict(shown), "You did not vote: the run says 500× at step 600.");
  const waiting = { ...shown, right: null, says: "" };
  equal(verdict({ ...waiting, yours: 0 }), "You said up to 10×. The run has not answered yet.");
});

test("buttons stay while the answer changes, show the vote, and are text whatever the question holds", () => {
  const el = document.createElement("main"), voted = /** @type {number[]} */ ([]);
  const page = new VotePage(el, (choice) => voted.push(choice));
  page.show({ ...POLL, ask: "<b>x</b>" });
  const [, more] = el.querySelectorAll("button");
  more.click();
  page.show({ ...POLL, ask: "<b>x</b>", yours: 1 });
  equal([el.querySelectorAll("button")[1] === more, more.getAttribute("aria-pressed"), voted], [true, "true", [1]]);
  equal([el.querySelectorAll("b").length, el.querySelector("h1")?.textContent], [0, "<b>x</b>"]);
  page.show({ ...POLL, ask: "<b>x</b>", yours: 1, open: false, right: 0 });
  equal([more.disabled, el.querySelector(".right")?.textContent], [true, "up to 10×"]);
});
