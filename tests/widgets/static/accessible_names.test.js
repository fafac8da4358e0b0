import { nameParts, spoken } from "../../../widgets/static/accessible_names.js";
import { equal, test } from "./harness.js";

/** @param {string} html */
function lab(html) {
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  nameParts(root);
  return root;
}

test("symbols of a label are spoken as words", () => {
  equal(spoken("Draws B ⚡"), "Draws B, takes effect at once");
  equal(spoken("Width ⟳"), "Width, starts a new run");
  equal(spoken("Speed"), "Speed");
});

test("a slider's handle has the label and the value that the page shows", () => {
  const root = lab(
    '<div class="widget-inline-hbox"><label class="widget-label">Draws B ⚡</label><div class="noUi-handle" aria-valuetext="2.0"></div>' +
      '<div class="widget-readout">4</div></div>',
  );
  const handle = root.querySelector(".noUi-handle");
  equal([handle?.getAttribute("aria-label"), handle?.getAttribute("aria-valuetext")], [
    "Draws B, takes effect at once",
    "4",
  ]);
  root.remove();
});

test("a list without a label takes its tooltip as its name, one with a label keeps it", () => {
  const root = lab(
    '<select title="What panel A shows"></select><label for="s">Scene</label><select id="s" title="Choose a scene"></select>',
  );
  equal([...root.querySelectorAll("select")].map((list) => list.getAttribute("aria-label")), [
    "What panel A shows",
    null,
  ]);
  root.remove();
});

test("a chart with controls in it is a group, one without is an image", () => {
  const root = lab(
    '<div class="elbo-chart" role="img"><button>0</button></div><div class="elbo-chart" role="img"></div>',
  );
  equal([...root.querySelectorAll(".elbo-chart")].map((chart) => chart.getAttribute("role")), ["group", "img"]);
  root.remove();
});

test("a drawer scrolls by keyboard where every button in it is grey", () => {
  const root = lab('<div class="elbo-drawer-body"><button disabled>CSV</button></div>');
  equal(root.querySelector(".elbo-drawer-body")?.getAttribute("tabindex"), "0");
  root.remove();
});

test("the lab is a landmark with headings", () => {
  const root = lab('<div class="elbo-name">ELBO Room</div><div class="elbo-title">ELBO</div>');
  equal(root.getAttribute("role"), "region");
  equal([...root.querySelectorAll("[role=heading]")].map((part) => part.getAttribute("aria-level")), ["1", "2"]);
  root.remove();
});
