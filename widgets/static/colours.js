// Ink and paper of a canvas on a light and a dark page.

/**
 * Red, green and blue of `#rrggbb`, 0 to 255.
 * @param {string} hex
 * @returns {number[]}
 */
export const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/**
 * Text and lines, from 0 (invisible) to 1.
 * @param {boolean} dark
 * @param {number} strength
 * @returns {string}
 */
export const ink = (dark, strength) => dark ? `rgba(240,240,240,${strength})` : `rgba(31,31,31,${strength})`;

/**
 * What words over a drawing are written on.
 * @param {boolean} dark
 * @returns {string}
 */
export const paper = (dark) => dark ? "rgba(24,24,24,0.88)" : "rgba(255,255,255,0.88)";

/**
 * What a file's drawing is on.
 * @param {boolean} dark
 * @returns {string}
 */
export const background = (dark) => dark ? "#181818" : "#ffffff";
