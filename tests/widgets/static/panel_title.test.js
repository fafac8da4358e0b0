import { ownRows, PanelTitle } from "../../../widgets/static/panel_title.js";
import { equal, holds, test } from "./harness.js";

test("a title that fits beside the lists has no rows of its own, a longer one as many as it needs", () => {
  equal(ownRows(100, 100, () => 18, 340), 0);
  equal(ownRows(101, 100, (width) => width === 340 ? 18 : NaN, 340), 21);
  equal(ownRows(700, 100, () => 35.5, 340), 39);
});

/** @param {number} width */
function panel(width) {
  const box = document.createElement("div"), leave = new AbortController();
  box.className = "elbo-panel";
  box.style.cssText = `position: relative; width: ${width}px; font: 13px monospace`;
  box.innerHTML = '<div class="elbo-chart-host"></div>' +
    '<div class="elbo-tools" style="position: absolute; right: 0; width: 150px; height: 24px"></div>';
  const title = new PanelTitle("ELBO", leave.signal);
  title.element.style.position = "absolute";
  box.firstElementChild?.append(title.element);
  document.body.append(box);
  title.fit();
  const gone = () => (leave.abort(), box.remove());
  return { box, title, gone };
}

test("a panel's title is never wider than its room", () => {
  for (const width of [474, 350, 240]) {
    const { box, title, gone } = panel(width);
    for (
      const words of ["ELBO", "ELBO · grey: earlier run", "ELBO · earlier: Estimator reparameterisation and 2 more"]
    ) {
      title.write(words);
      const { right } = title.element.getBoundingClientRect(), edge = box.getBoundingClientRect().right;
      const head = Number.parseInt(box.style.getPropertyValue("--head"));
      holds(right <= edge - (head ? 0 : 150), `${words} in ${width} px ends at ${right} of ${edge}`);
      holds(!head || head >= title.element.offsetHeight, `${words} in ${width} px has its rows`);
      equal(title.element.scrollWidth <= title.element.clientWidth, true);
    }
    gone();
  }
});
