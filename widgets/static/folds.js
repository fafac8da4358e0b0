// Folds and menus: what a button opens is shown by the style sheet at once; here one closes another, and Escape closes a menu.

const HEAD = ".elbo-opens", OPEN = `${HEAD}.mod-active`;

let closing = false; // a click of our own

/**
 * Serve all folds and menus of the page.
 * @param {AbortSignal} signal
 */
export function serveFolds(signal) {
  document.addEventListener("click", (event) => {
    if (closing) return;
    const target = event.target instanceof Element ? event.target : null;
    close(document, ".elbo-popup", (menu) => !menu.contains(target));
    const group = target?.closest(HEAD)?.closest(".elbo-group");
    if (group) close(group.parentElement ?? group, ".elbo-group", (other) => other !== group);
    describe();
  }, { signal });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const heads = close(document, ".elbo-popup", () => true);
    for (const head of heads) head.focus();
    if (!heads.length && event.target instanceof Element) closeDrawer(event.target);
    describe();
  }, { signal });
}

/**
 * Close the open ones of a kind that a test picks.
 * @param {ParentNode} where
 * @param {string} kind
 * @param {(menu: Element) => boolean} picks
 * @returns {HTMLElement[]} their buttons
 */
function close(where, kind, picks) {
  const heads = /** @type {NodeListOf<HTMLElement>} */ (where.querySelectorAll(`${kind} > ${OPEN}`));
  const closed = [...heads].filter((head) => picks(/** @type {Element} */ (head.parentElement)));
  closing = true;
  for (const head of closed) head.click();
  closing = false;
  return closed;
}

/**
 * Close the drawer of the lab that has the focus, which goes back to the drawer's tab. In a chart, Escape lets go of its selection.
 * @param {Element} target
 */
function closeDrawer(target) {
  const room = target.closest(".elbo-room") ?? (target === document.body ? document.querySelector(".elbo-room") : null);
  const cross = /** @type {HTMLElement | null | undefined} */ (room?.querySelector(".elbo-drawer .elbo-close"));
  if (!cross?.getClientRects().length || target.closest(".elbo-chart") || document.querySelector(".elbo-whole")) return;
  const tab = /** @type {HTMLElement | null | undefined} */ (room?.querySelector(".elbo-tabs .mod-active"));
  cross.click();
  tab?.focus();
}

/** For screen readers: whether a fold is open, and whether a button is pressed; ipywidgets only colours them. */
export function describe() {
  for (const button of document.querySelectorAll(".elbo-room .widget-toggle-button")) {
    const state = button.matches(HEAD) ? "aria-expanded" : "aria-pressed", on = button.classList.contains("mod-active");
    if (button.getAttribute(state) !== String(on)) button.setAttribute(state, String(on));
  }
}
