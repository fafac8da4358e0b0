// Elements of the page, the host's theme, and canvases.

export const FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";
export const SMALL = 12; // pixels of type on a canvas, `--elbo-small` of the style sheets

/**
 * An element with a class and plain text.
 * @template {keyof HTMLElementTagNameMap} Kind
 * @param {Kind} kind
 * @param {string} name
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Kind]}
 */
export function element(kind, name, text) {
  const made = document.createElement(kind);
  made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * Whether the host is dark: Jupyter's setting, otherwise the system's.
 * @returns {boolean}
 */
export function hostIsDark() {
  const light = document.body.dataset.jpThemeLight;
  return light ? light === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const THUMBNAIL = 190; // pixels of height below which a panel stays as it is at a projector

/**
 * How much larger type and lines are drawn: at a projector and on a full screen, but not in the small panels next to a large one.
 * @param {Element} box
 * @returns {number}
 */
export function enlargement(box) {
  const { clientHeight: height } = box;
  return box.closest(".elbo-projector, .elbo-whole") && !(height && height < THUMBNAIL) ? 1.4 : 1;
}

/**
 * Call back when the host turns dark or light.
 * @param {() => void} callback
 * @param {AbortSignal} signal
 */
export function watchTheme(callback, signal) {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", callback);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    query.removeEventListener("change", callback);
  });
}

/**
 * A canvas that is sharp on any screen; returns its context in CSS pixels, cleared.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
export function cleared(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw on a canvas.");
  return context;
}

/**
 * A text cut to a width, with a sign that it was cut.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} room
 * @returns {string}
 */
export function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}
