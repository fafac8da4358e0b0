import { enter, leave, serveFullScreen } from "../../../widgets/static/full_screen.js";
import { equal, test } from "./harness.js";

/** A panel with its button, in a page that serves it. */
function shown() {
  const panel = document.createElement("div"), serving = new AbortController();
  panel.className = "elbo-panel";
  panel.innerHTML = '<button class="elbo-fill"></button>';
  document.body.append(panel);
  serveFullScreen(serving.signal);
  const button = /** @type {HTMLButtonElement} */ (panel.firstElementChild);
  const close = () => [serving.abort(), panel.remove()];
  return { panel, button, close, whole: () => panel.classList.contains("elbo-whole") };
}

test("where the browser refuses full screen the panel covers the page, and the button states how it gets back", async () => {
  const { panel, button, close, whole } = shown();
  panel.requestFullscreen = () => Promise.reject(new Error("not here"));
  await enter(panel);
  equal([whole(), button.getAttribute("aria-pressed"), button.title], [true, "true", "Leave full screen (Escape)"]);
  leave(panel);
  equal([whole(), button.getAttribute("aria-pressed"), button.title], [false, "false", "Full screen"]);
  close();
});

test("its button and Escape put a panel back", () => {
  const { panel, button, close, whole } = shown();
  panel.requestFullscreen = () => Promise.reject(new Error("not here"));
  const seen = [];
  for (const act of [() => button.click(), () => button.click(), () => button.click()]) {
    act();
    seen.push(whole());
  }
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  equal([...seen, whole()], [true, false, true, false]);
  close();
});
