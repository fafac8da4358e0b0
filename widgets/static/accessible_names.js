// What screen readers need and ipywidgets leaves out: landmarks, headings, names without symbols, and roles that allow controls inside.

const SYMBOLS = [["⚡", ", takes effect at once"], ["⟳", ", starts a new run"]];
const FOCUSABLE = "button, input, select, textarea, a[href], [tabindex='0']";

/**
 * A label as it is spoken: “Draws B ⚡” is “Draws B, takes effect at once”.
 * @param {string} words
 */
export function spoken(words) {
  return SYMBOLS.reduce((text, [symbol, meaning]) => text.replace(symbol, meaning), words).replace(/\s+,/, ",").trim();
}

/**
 * Set an attribute where it differs: every write wakes up observers.
 * @param {Element} part
 * @param {string} name
 * @param {string} value
 */
function put(part, name, value) {
  if (value && part.getAttribute(name) !== value) part.setAttribute(name, value);
}

/**
 * Name everything in one lab.
 * @param {Element} root
 */
export function nameParts(root) {
  put(root, "role", "region");
  put(root, "aria-label", "ELBO Room");
  for (const [heading, level] of [[".elbo-name", "1"], [".elbo-title", "2"]]) {
    for (const part of root.querySelectorAll(heading)) {
      put(part, "role", "heading");
      put(part, "aria-level", level);
    }
  }
  for (const row of root.querySelectorAll(".widget-inline-hbox")) nameField(row);
  for (const list of root.querySelectorAll("select[title]:not([aria-label])")) {
    if (!(/** @type {HTMLSelectElement} */ (list).labels?.[0]?.textContent)) {
      put(list, "aria-label", /** @type {HTMLElement} */ (list).title);
    }
  }
  for (const chart of root.querySelectorAll(".elbo-chart[role=img]")) {
    if (chart.querySelector(FOCUSABLE)) put(chart, "role", "group"); // an image hides the controls that it contains
  }
  for (const body of root.querySelectorAll(".elbo-drawer-body")) put(body, "tabindex", "0"); // it scrolls, also where every button is grey
}

/**
 * A labelled control: its handle (sliders) or its field says the label without symbols, and a slider its value as the page shows it.
 * @param {Element} row
 */
function nameField(row) {
  const words = spoken(row.querySelector(".widget-label")?.textContent ?? "");
  const handle = row.querySelector(".noUi-handle");
  if (handle) {
    put(handle, "aria-label", words);
    put(handle, "aria-valuetext", row.querySelector(".widget-readout")?.textContent ?? "");
    return;
  }
  const field = row.querySelector("input, select, textarea");
  if (field && words !== row.querySelector(".widget-label")?.textContent) put(field, "aria-label", words);
}
