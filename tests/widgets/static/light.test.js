import { LIGHT, lightUp, namesOf, onLight, pointAt, watchLight } from "../../../widgets/static/light.js";
import { equal, holds, test } from "./harness.js";

/** @param {(root: HTMLElement, signal: AbortSignal) => void} act */
function inLab(act) {
  const root = document.createElement("div"), end = new AbortController();
  root.className = "elbo-room";
  root.innerHTML =
    `<math><mrow data-light="likelihood variational" id="e"><mi>E</mi><mrow data-light="draws" id="b"><mi>B</mi>
    </mrow></mrow></math><label class="widget-x elbo-knob-draws" id="k"><input></label>
    <details class="elbo-group" id="g"><summary>More</summary><div><p class="elbo-knob-variational" id="v">q</p></div></details>
    <p id="n">nothing</p>`;
  document.body.append(root);
  try {
    act(root, end.signal);
  } finally {
    end.abort();
    root.remove();
  }
}

/** @param {Element} root @param {string} id */
function at(root, id) {
  const found = root.querySelector(`#${id}`);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

/** @param {Element} root */
const lit = (root) => [...root.querySelectorAll(".elbo-lit")].map((one) => one.id);

test("the innermost term is pointed at; a control has the name of its knob", () => {
  inLab((root) => {
    equal(["e", "b", "k", "n"].map((id) => namesOf(at(root, id))), [["likelihood", "variational"], ["draws"], [
      "draws",
    ], []]);
    equal(namesOf(/** @type {Element} */ (at(root, "k").firstElementChild)), ["draws"]);
  });
});

test("a term and its control light together, and nothing else stays lit", () => {
  inLab((root) => {
    lightUp(root, ["draws"]);
    equal(lit(root), ["b", "k"]);
    lightUp(root, ["likelihood"]);
    equal(lit(root), ["e"]);
    lightUp(root, []);
    equal(lit(root), []);
  });
});

test("a control in a closed fold lights the fold", () => {
  inLab((root) => {
    lightUp(root, ["variational"]);
    equal(lit(root), ["e", "g"]);
  });
});

test("pointing, and the keyboard's focus, light both ways; leaving ends it", () => {
  inLab((root, signal) => {
    watchLight(() => ".elbo-room", signal);
    /** @param {string} id @param {string} kind */
    const send = (id, kind) => at(root, id).dispatchEvent(new Event(kind, { bubbles: true }));
    send("k", "pointerover");
    equal(lit(root), ["b", "k"]);
    send("n", "pointerover");
    equal(lit(root), []);
    send("k", "focusin");
    equal(lit(root), ["b", "k"]);
    send("n", "focusin"); // a field without a name leaves it
    equal(lit(root), ["b", "k"]);
    document.documentElement.dispatchEvent(new Event("pointerleave"));
    equal(lit(root), []);
  });
});

test("a chart hears what is lit in its own lab, once a change", () => {
  inLab((root, signal) => {
    const heard = /** @type {string[][]} */ ([]), foreign = /** @type {string[][]} */ ([]);
    onLight(at(root, "n"), (names) => heard.push(names), signal);
    onLight(document.createElement("p"), (names) => foreign.push(names), signal);
    pointAt(at(root, "n"), ["kl"]);
    pointAt(at(root, "n"), ["kl"]);
    pointAt(at(root, "n"), []);
    equal(heard, [["kl"], []]);
    equal(foreign, []);
    holds(LIGHT.length > 0, "the event has no name");
  });
});
