// A large file comes in pieces, one message each, in order.

/** @import { FilePiece } from "./shapes.d.ts" */

export class FilePieces {
  /** @type {(ArrayBuffer | DataView<ArrayBuffer>)[]} */
  held = [];
  name = "";
  bytes = 0;

  /**
   * The whole file with its last piece, else null; a piece out of its place, as after a reload, belongs to no file.
   * @param {FilePiece} piece
   * @param {ArrayBuffer | DataView<ArrayBuffer>} content
   * @returns {Blob | null}
   */
  add({ name, begin, size }, content) {
    if (begin === 0) Object.assign(this, { held: [], name, bytes: 0 });
    if (name !== this.name || begin !== this.bytes) return null;
    this.held.push(content);
    this.bytes += content.byteLength;
    if (this.bytes < size) return null;
    const type = name.endsWith(".html") ? "text/html" : "application/octet-stream", whole = this.held;
    Object.assign(this, { held: [], name: "", bytes: 0 });
    return new Blob(whole, { type });
  }
}
