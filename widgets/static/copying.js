// A text to the clipboard.

/**
 * Copy a text, and say on the button whether that worked; where the browser forbids it the text is selected.
 * @param {HTMLButtonElement} button
 * @param {string} text
 * @param {() => void} select
 */
export async function copy(button, text, select) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    select();
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => {
    button.textContent = words;
  }, 1500);
}
