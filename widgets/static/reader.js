// A text to read: a field that cannot be written in, and a button that copies it.

export default {
  initialize({ model }) {
    hear(model);
  },
  render({ model, el }) {
    const field = document.createElement("textarea"), button = document.createElement("button");
    field.readOnly = true;
    field.spellcheck = false;
    button.textContent = "Copy";
    button.className = "jupyter-button widget-button elbo-copies";
    const show = () => {
      field.value = model.get("text");
      field.setAttribute("aria-label", model.get("label"));
      button.hidden = !field.value;
    };
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Press Ctrl+C";
        field.focus();
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    model.on("change:text", show);
    model.on("change:label", show);
    el.append(field, button);
    show();
  },
};
