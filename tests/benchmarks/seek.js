// Milliseconds from a move of the replay's slider to this share of the run until panels C and D show that step, on the page's own clock.
(share) => new Promise((answer) => {
  const slider = document.querySelector(".elbo-replay-slider");
  const shown = [...document.querySelectorAll(".elbo-c .elbo-vega canvas, .elbo-d .elbo-vega canvas")].filter((canvas) => canvas.clientWidth);
  const look = () => shown.map((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let hash = 0;
    for (let i = 0; i < pixels.length; i += 4) hash = (hash * 31 + pixels[i] + pixels[i + 3]) | 0;
    return hash;
  });
  const before = look(), start = performance.now();
  slider.value = String(share * Number(slider.max));
  slider.dispatchEvent(new Event("input"));
  const wait = () => {
    const took = performance.now() - start;
    if (look().every((hash, k) => hash !== before[k]) || took > 20000) answer(took); else requestAnimationFrame(wait);
  };
  requestAnimationFrame(wait);
})
