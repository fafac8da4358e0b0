// Which cards of the gallery a search leaves, and where an arrow key goes from one of them.

/** @import { SceneCard } from "./shapes.d.ts" */

/**
 * Whether a card has all the words that are sought, in any order; capitals do not matter.
 * @param {SceneCard} scene
 * @param {string} chapter
 * @param {string} sought
 * @returns {boolean}
 */
export function matches(scene, chapter, sought) {
  const { label, goal, difficulty, minutes } = scene;
  const text = `${label} ${goal} ${difficulty} ${minutes} min ${chapter}`.toLowerCase();
  return sought.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/**
 * A card's place on the page.
 * @typedef {{ left: number, top: number }} Place
 */

/**
 * The card that an arrow key goes to: left and right through all in order, up and down to the nearest one of the next row.
 * @param {Place[]} places in order
 * @param {number} here
 * @param {string} key
 * @returns {number}
 */
export function neighbour(places, here, key) {
  const last = places.length - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowLeft") return Math.max(0, here - 1);
  if (key === "ArrowRight") return Math.min(last, here + 1);
  const way = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0, from = places[here];
  const beyond = places.map((place, index) => ({ ...place, index })).filter(({ top }) => way * (top - from.top) > 1);
  if (!way || !beyond.length) return here;
  const row = way * Math.min(...beyond.map(({ top }) => way * top));
  return beyond.filter(({ top }) => Math.abs(top - row) <= 1)
    .reduce((best, each) => Math.abs(each.left - from.left) < Math.abs(best.left - from.left) ? each : best).index;
}
