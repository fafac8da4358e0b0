// One panel over the whole screen, and back.

const WHOLE = "elbo-whole", BUTTON = ".elbo-fill";

/**
 * Show a panel over everything else; where the browser has no full screen for it, over the page.
 * @param {Element} panel
 */
export async function enter(panel) {
  panel.classList.add(WHOLE);
  describe(panel, true);
  try {
    await panel.requestFullscreen();
  } catch { /* a phone's browser, or a frame that must not: it then covers the page */ }
}

/**
 * Put a panel back into its place.
 * @param {Element} panel
 */
export function leave(panel) {
  const back = () => panel.scrollIntoView({ block: "nearest", inline: "center" }); // among the panels that are swiped
  panel.classList.remove(WHOLE);
  describe(panel, false);
  if (document.fullscreenElement === panel) document.exitFullscreen().then(back, back);
  else back();
}

/**
 * The button states what it does next.
 * @param {Element} panel
 * @param {boolean} whole
 */
function describe(panel, whole) {
  const button = panel.querySelector(BUTTON);
  button?.setAttribute("aria-pressed", String(whole));
  button?.setAttribute("title", whole ? "Leave full screen (Escape)" : "Full screen");
}

/**
 * Serve the buttons of all panels, Escape, and the browser's own way out of full screen.
 * @param {AbortSignal} signal
 */
export function serveFullScreen(signal) {
  const shown = () => [...document.querySelectorAll(`.${WHOLE}`)];
  document.addEventListener("click", (event) => {
    const panel = event.target instanceof Element ? event.target.closest(BUTTON)?.closest(".elbo-panel") : null;
    if (panel) panel.classList.contains(WHOLE) ? leave(panel) : enter(panel);
  }, { signal });
  document.addEventListener("fullscreenchange", () => {
    for (const panel of shown()) if (document.fullscreenElement !== panel) leave(panel);
  }, { signal });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shown().forEach(leave);
  }, { signal });
}
