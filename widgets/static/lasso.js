// Which data a lasso means.

/**
 * Whether a point is inside a closed path: a ray from it crosses the path an odd number of times.
 * @param {number[][]} path
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
export const within = (path, x, y) => {
  let odd = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [ax, ay] = path[i], [bx, by] = path[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
};
