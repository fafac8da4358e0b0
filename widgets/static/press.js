// What is being pressed stays where it is: a click that began on a button is lost if the button is taken away or moved before it ends.

const TAP = 300; // ms from the end of a touch within which its click comes

export class Press {
  /** Whether a pointer is down inside, or its click is still to come. */
  held = false;
  /** What is done then, the newest only. @type {(() => void) | null} */
  waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {HTMLElement} el
   * @param {AbortSignal} [signal]
   */
  constructor(el, signal) {
    el.addEventListener("pointerdown", () => this.begin(), { capture: true, signal });
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      addEventListener(name, (event) => this.end(event), { capture: true, signal });
    }
  }

  begin() {
    clearTimeout(this.timer);
    this.held = true;
  }

  /** @param {PointerEvent} event */
  end({ pointerType }) {
    if (!this.held) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), pointerType === "mouse" ? 0 : TAP); // the click comes first
  }

  release() {
    const { waiting } = this;
    this.held = false;
    this.waiting = null;
    waiting?.();
  }

  /**
   * Do it now, or as soon as nothing is pressed.
   * @param {() => void} act
   */
  after(act) {
    if (this.held) this.waiting = act;
    else act();
  }
}
