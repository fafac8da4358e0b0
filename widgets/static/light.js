// Formula, control and curve: the same quantity lights up in all three, wherever a person points.
// A term has its names in `data-light`, a control its knob's in its class; charts hear of it by an event.

export const LIGHT = "elbo-light";
const LIT = "elbo-lit", KNOB = "elbo-knob-";

/**
 * The names of what is pointed at: those of the innermost term or control; none where there is neither.
 * @param {Element} target
 * @returns {string[]}
 */
export function namesOf(target) {
  const own = target.closest(`[data-light], [class*="${KNOB}"]`);
  const term = own?.getAttribute("data-light");
  if (!own || term) return term?.split(" ") ?? [];
  return [...own.classList].filter((name) => name.startsWith(KNOB)).map((name) => name.slice(KNOB.length));
}

/**
 * What is seen of an element: itself, or the heading of the closed fold that it is in.
 * @param {Element} one
 * @returns {Element}
 */
function seen(one) {
  return one.checkVisibility() ? one : (one.closest(".elbo-group") ?? one);
}

/**
 * Light everything of these names inside a lab, and nothing else.
 * @param {Element} root
 * @param {string[]} names
 */
export function lightUp(root, names) {
  const now = names.join(" ");
  if ((root.getAttribute("data-lit") ?? "") === now) return;
  root.setAttribute("data-lit", now);
  for (const one of root.querySelectorAll(`.${LIT}`)) one.classList.remove(LIT);
  for (const name of names) {
    for (const one of root.querySelectorAll(`[data-light~="${name}"], .${KNOB}${name}`)) seen(one).classList.add(LIT);
  }
  root.dispatchEvent(new CustomEvent(LIGHT, { bubbles: true, detail: names }));
}

/**
 * A curve, or a part of a drawing, is pointed at: its terms and controls light up.
 * @param {Element} part
 * @param {string[]} names
 */
export function pointAt(part, names) {
  const root = part.closest(".elbo-room");
  if (root) lightUp(root, names);
}

/**
 * Call back with the names that are lit, as often as they change in the lab that a part belongs to.
 * @param {Element} part
 * @param {(names: string[]) => void} act
 * @param {AbortSignal} signal
 */
export function onLight(part, act, signal) {
  document.addEventListener(LIGHT, (event) => {
    const root = event.target instanceof Element ? event.target : null;
    if (root?.contains(part)) act(/** @type {CustomEvent<string[]>} */ (event).detail);
  }, { signal });
}

/**
 * Follow the pointer, the finger and the focus in every lab of the page.
 * @param {() => string} selector of a lab
 * @param {AbortSignal} signal
 */
export function watchLight(selector, signal) {
  /** @param {Event} event */
  const follow = (event) => {
    const target = event.target instanceof Element ? event.target : null, root = target?.closest(selector());
    if (!target || !root || target.closest("canvas")) return; // a drawing says itself what is pointed at
    const names = namesOf(target);
    if (names.length || event.type === "pointerover") lightUp(root, names);
  };
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, follow, { signal });
  document.documentElement.addEventListener("pointerleave", () => {
    for (const root of document.querySelectorAll(selector())) lightUp(root, []);
  }, { signal });
}
