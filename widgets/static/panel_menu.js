// The menu in the head of a panel, which saves what the panel shows: the chart that is visible hears what is wanted.

import { element } from "./elements.js";
import { EXPORT } from "./panel_files.js";

const BUTTON = ".elbo-export", MENU = "elbo-menu";
const ITEMS = [["svg", "Drawing (SVG)"], ["png", "Picture (PNG, 2×)"], ["csv", "Numbers (CSV)"]];

/**
 * The menu of a panel.
 * @param {Element} panel
 * @param {(kind: string) => void} choose
 * @returns {HTMLElement}
 */
function menuOf(panel, choose) {
  const menu = element("div", MENU);
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", "Save this panel");
  for (const [kind, words] of ITEMS) {
    const item = element("button", "", words);
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", () => choose(kind));
    menu.append(item);
  }
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")], at = items.findIndex((item) => item === document.activeElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    items[(at + by + items.length) % items.length].focus();
  });
  panel.append(menu);
  return menu;
}

/**
 * Serve the buttons of all panels.
 * @param {AbortSignal} signal
 */
export function serveMenus(signal) {
  /** @type {{ menu: HTMLElement, button: HTMLElement } | null} */
  let open = null;
  /** @param {boolean} [back] whether the focus returns to the button */
  const close = (back) => {
    open?.menu.remove();
    open?.button.setAttribute("aria-expanded", "false");
    if (back) open?.button.focus();
    open = null;
  };
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = /** @type {HTMLElement | null | undefined} */ (target?.closest(BUTTON)),
      panel = button?.closest(".elbo-panel");
    const again = open && open.button === button;
    if (!target?.closest(`.${MENU}`)) close();
    if (!button || !panel || again) return;
    const menu = menuOf(panel, (kind) => {
      const shown = [...panel.querySelectorAll(".elbo-chart")].find((chart) => chart.clientWidth);
      close(true);
      shown?.dispatchEvent(new CustomEvent(EXPORT, { detail: kind }));
    });
    open = { menu, button };
    button.setAttribute("aria-expanded", "true");
    menu.querySelector("button")?.focus();
  }, { signal });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) close(true);
  }, { signal });
}
