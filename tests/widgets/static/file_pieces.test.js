import { FilePieces } from "../../../widgets/static/file_pieces.js";
import { equal, test } from "./harness.js";

/** @param {number[]} values */
const bytes = (values) => new Uint8Array(values).buffer;

test("a file is whole with its last piece, and its bytes are in order", async () => {
  const pieces = new FilePieces();
  equal(pieces.add({ name: "a.csv", begin: 0, size: 5 }, bytes([1, 2])), null);
  equal(pieces.add({ name: "a.csv", begin: 2, size: 5 }, bytes([3, 4])), null);
  const whole = pieces.add({ name: "a.csv", begin: 4, size: 5 }, bytes([5]));
  equal([...new Uint8Array(await /** @type {Blob} */ (whole).arrayBuffer())], [1, 2, 3, 4, 5]);
});

test("pieces of a file whose beginning was lost make no file, and the next file is whole", () => {
  const pieces = new FilePieces();
  equal(pieces.add({ name: "a.csv", begin: 2, size: 3 }, bytes([3])), null);
  pieces.add({ name: "a.csv", begin: 0, size: 3 }, bytes([1]));
  equal(pieces.add({ name: "b.csv", begin: 1, size: 3 }, bytes([1, 2])), null);
  equal(pieces.add({ name: "c.html", begin: 0, size: 1 }, bytes([7]))?.type, "text/html");
});
