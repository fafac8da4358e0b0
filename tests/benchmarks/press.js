// Milliseconds from the press of Run or Pause until the page shows its effect, looked at in every animation frame on the page's own clock:
// "paused", the status shows it; "point", the ELBO's panel has changed and shows the line or the label of this run.
(kind) => new Promise((answer) => {
  const canvas = document.querySelector(".elbo-a canvas");
  const look = () => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let hash = 0, blue = 0;  // of the ELBO's line and label
    for (let i = 0; i < pixels.length; i += 4) {
      hash = (hash * 31 + pixels[i] + pixels[i + 3]) | 0;
      if (pixels[i + 3] > 200 && pixels[i] < 40 && Math.abs(pixels[i + 1] - 102) < 40 && Math.abs(pixels[i + 2] - 160) < 45) blue++;
    }
    return [hash, blue];
  };
  const before = kind === "point" ? look()[0] : 0, start = performance.now();
  const done = {
    point: () => { const [hash, blue] = look(); return hash !== before && blue > 0; },
    paused: () => document.querySelector(".elbo-status").textContent.startsWith("Paused"),
  }[kind];
  const wait = () => {
    const took = performance.now() - start;
    if (done() || took > 20000) answer(took); else requestAnimationFrame(wait);
  };
  document.querySelector(".elbo-run").click();
  requestAnimationFrame(wait);
})
