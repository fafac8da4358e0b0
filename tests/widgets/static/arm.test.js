import { framed, stretch } from "../../../widgets/static/arm.js";
import { close, test, uniform } from "./harness.js";

// three joints: the first fixed at the origin
const POSE = [0, 0, 1, 2, 0, 1, 2, 2, 2];
const BONES = {
  from: Float32Array.of(-1, 0, 1),
  to: Float32Array.of(0, 1, 2),
  length: Float32Array.of(1, 2, Math.sqrt(5)),
};

test("bones of the data's lengths are off by nothing, of twice the lengths by all", () => {
  close(stretch(POSE, BONES), [0, 0, 0]);
  close(stretch(POSE.map((v) => 2 * v), BONES), [1, 1, 1]);
});

test("turning an arm about its foot does not stretch it", () => {
  const next = uniform(3);
  for (let k = 0; k < 20; k++) {
    const angle = 7 * next(), [c, s] = [Math.cos(angle), Math.sin(angle)];
    const turned = [0, 1, 2].flatMap((p) => {
      const [x, y, z] = POSE.slice(3 * p, 3 * p + 3);
      return [c * x - s * y, s * x + c * y, z];
    });
    close(stretch(turned, BONES), [0, 0, 0]);
  }
});

test("the frame holds 98 % of every axis, in one scale", () => {
  const next = uniform(4),
    points = Float32Array.from({ length: 3000 }, (_, k) => k % 3 === 2 ? 10 * next() : 4 * next() - 2);
  const { reach, middle } = framed(points);
  close([reach, middle], [4.9, 5], 0.1);
});

test("without data there is a frame of some size", () => {
  close(framed(new Float32Array(0)).reach, 1e-6, 1e-9);
});
