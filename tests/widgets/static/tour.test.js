import { beside, placeOf, Tour } from "../../../widgets/static/tour.js";
import { equal, holds, test } from "./harness.js";

/** A lab with a button, a control with its label, and a panel. */
function lab() {
  const room = document.createElement("div");
  room.innerHTML = `<button class="elbo-run">Run</button>
    <div class="elbo-form"><div class="widget-inline-hbox"><span class="widget-label">Estimator ⚡</span></div></div>
    <div class="elbo-b" hidden></div><div class="elbo-b" id="shown">B</div>`;
  document.body.append(room);
  return room;
}
const STEPS = [
  { at: [".elbo-run"], head: "Run", words: "Press it." },
  { at: [".nothing"], label: "Estimator", head: "Change", words: "Choose." },
  { at: [".nothing", ".elbo-b"], head: "See", words: "Look." },
];

test("a step points at the control with its label, else at the first place that is in sight", () => {
  const room = lab();
  equal(STEPS.map((step) => placeOf(room, step)?.className), ["elbo-run", "widget-inline-hbox", "elbo-b"]);
  equal(placeOf(room, STEPS[2])?.id, "shown");
  equal(placeOf(room, { at: [".nothing"], head: "", words: "" }), null);
  room.remove();
});

test("a card is beside its place and inside the window", () => {
  const window = { width: 390, height: 700 }, card = { width: 300, height: 200 };
  equal(beside({ left: 20, right: 60, top: 30, bottom: 60 }, card, window), [20, 70]);
  equal(beside({ left: 350, right: 380, top: 500, bottom: 600 }, card, window), [80, 290]);
  equal(beside({ left: 0, right: 390, top: 0, bottom: 700 }, card, window), [10, 490]);
});

test("the tour goes on, back, and away with Escape, and gives the focus back", () => {
  const room = lab(), button = /** @type {HTMLButtonElement} */ (room.querySelector("button"));
  button.focus();
  const tour = new Tour(room, STEPS);
  equal([tour.count.textContent, tour.back.hidden], ["1 of 3", true]);
  tour.next.click();
  tour.next.click();
  equal([tour.count.textContent, tour.next.textContent, tour.head.textContent], ["3 of 3", "Done", "See"]);
  tour.back.click();
  equal(tour.count.textContent, "2 of 3");
  holds(document.querySelector(".elbo-tour-ring"), "there is no ring");
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  equal(document.querySelectorAll(".elbo-tour-ring, .elbo-tour-card").length, 0);
  equal(document.activeElement, button);
  room.remove();
});
