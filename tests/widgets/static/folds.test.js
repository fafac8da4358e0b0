import { describe, serveFolds } from "../../../widgets/static/folds.js";
import { equal, test } from "./harness.js";

/** Two groups and a menu whose buttons behave as ipywidgets' do. */
function shown() {
  const room = document.createElement("div"), serving = new AbortController();
  const fold = (/** @type {string} */ kind) =>
    `<div class="${kind}"><button class="widget-toggle-button elbo-opens"></button><p></p></div>`;
  room.className = "elbo-room";
  room.innerHTML = `<div>${fold("elbo-group")}${fold("elbo-group")}</div>${fold("elbo-popup")}`;
  document.body.append(room);
  const heads = [...room.querySelectorAll("button")];
  for (const head of heads) head.addEventListener("click", () => head.classList.toggle("mod-active"));
  serveFolds(serving.signal);
  describe();
  const open = () => heads.map((head) => head.getAttribute("aria-expanded"));
  return { heads, room, open, close: () => [serving.abort(), room.remove()] };
}

test("one group closes the other, a click elsewhere closes the menu only, and each button states whether it is open", () => {
  const { heads: [one, two, menu], room, open, close } = shown();
  equal(open(), ["false", "false", "false"]);
  one.click();
  menu.click();
  equal(open(), ["true", "false", "true"]);
  two.click();
  equal(open(), ["false", "true", "false"]);
  menu.click();
  room.querySelectorAll("p")[2].click();
  equal(open(), ["false", "true", "true"]);
  document.body.click();
  equal(open(), ["false", "true", "false"]);
  close();
});

test("Escape closes the menu and gives its button the focus", () => {
  const { heads: [, , menu], open, close } = shown();
  menu.click();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  equal([open()[2], document.activeElement === menu], ["false", true]);
  close();
});

test("Escape closes an open drawer and focuses its tab, except in a chart, where it lets go of the selection", () => {
  const { room, close } = shown();
  let crosses = 0;
  room.insertAdjacentHTML(
    "beforeend",
    '<div class="elbo-tabs"><button class="mod-active">Help</button></div><div class="elbo-chart"><button>0</button></div>' +
      '<div class="elbo-drawer"><button class="elbo-close">Close</button></div>',
  );
  room.querySelector(".elbo-close")?.addEventListener("click", () => crosses++);
  const escape = () => new KeyboardEvent("keydown", { key: "Escape", bubbles: true });
  room.querySelector(".elbo-chart button")?.dispatchEvent(escape());
  equal(crosses, 0);
  room.querySelector(".elbo-drawer button")?.dispatchEvent(escape());
  equal([crosses, document.activeElement?.textContent], [1, "Help"]);
  close();
});
