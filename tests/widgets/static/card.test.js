import { Card } from "../../../widgets/static/card.js";
import { equal, standIn, test } from "./harness.js";

test("the buttons of the scores stay while their numbers change", () => {
  const box = document.createElement("div");
  const card = new Card(standIn({ box }), { draw: () => {}, release: () => {} });
  card.score([0.5, 0.25, -0.125]);
  const before = [...card.scores.children];
  equal(before.map((each) => each.textContent), ["ARI 0.50", "NMI 0.25", "silhouette −0.13"]);
  card.score([0.75, 0.5, 0]);
  equal([...card.scores.children].every((each, k) => each === before[k]), true);
  equal(before[0].textContent, "ARI 0.75");
  card.score(undefined);
  equal(card.scores.children.length, 0);
});
