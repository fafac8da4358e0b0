import { matches, neighbour } from "../../../widgets/static/scene_cards.js";
import { equal, holds, test } from "./harness.js";

const SCENE = {
  name: "digits",
  picture: "",
  label: "Gradient noise",
  goal: "Five estimators of one gradient.",
  minutes: 10,
  difficulty: "introductory",
};
// Two rows of three cards, then one of a group of its own.
const PLACES = [0, 0, 0, 90, 90, 90, 200].map((top, index) => ({ top, left: index === 6 ? 0 : 100 * (index % 3) }));

test("a card is found by words of its name, goal, difficulty, minutes and chapter, in any order and case", () => {
  for (const words of ["noise", "INTRODUCTORY gradient", "estimators five", "10 min", "variance", ""]) {
    holds(matches(SCENE, "10 · The variance of the gradient", words), words);
  }
  holds(!matches(SCENE, "10 · The variance of the gradient", "noise advanced"), "one of the words is not there");
});

test("left and right go through all cards and stop at the ends", () => {
  equal(PLACES.map((_, here) => neighbour(PLACES, here, "ArrowRight")), [1, 2, 3, 4, 5, 6, 6]);
  equal(PLACES.map((_, here) => neighbour(PLACES, here, "ArrowLeft")), [0, 0, 1, 2, 3, 4, 5]);
  equal([neighbour(PLACES, 4, "Home"), neighbour(PLACES, 1, "End")], [0, 6]);
});

test("up and down go to the card above and below, into the next group too", () => {
  equal(PLACES.map((_, here) => neighbour(PLACES, here, "ArrowDown")), [3, 4, 5, 6, 6, 6, 6]);
  equal(PLACES.map((_, here) => neighbour(PLACES, here, "ArrowUp")), [0, 1, 2, 0, 1, 2, 3]);
});
