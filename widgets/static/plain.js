// Panels whose ranges come with their data: nothing to be done under the pointer.

class Plain {
  constructor(panel) {
    this.panel = panel;
  }

  paint() {}

  move() {}

  out() {}

  overlay() {}
}
