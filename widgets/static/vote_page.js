// The page of a vote on a phone: the question, a button per choice, and after Reveal what the run says. Served by lab/serving/votes.py.

const AGAIN = 2000; // ms between two looks at the question
const WAITING = "Looking for the question …";
const LOST = "The lab cannot be reached. Stay in its network; this page tries again.";

/** @typedef {{ ask: string, choices: string[], open: boolean, yours: number | null, right: number | null, says: string }} Poll */

/**
 * What the page says below the question.
 * @param {Poll} poll
 * @returns {string}
 */
export function verdict({ choices, open, yours, right, says }) {
  const said = yours === null ? "" : `You said ${choices[yours]}`;
  if (open) return yours === null ? "Tap what you expect." : `${said}. You can change it until the answer is shown.`;
  const begun = said ? `${said}, ` : "You did not vote: ";
  const judged = right === null || yours === null ? "" : yours === right ? " Right." : ` Not so: ${choices[right]}.`;
  return right === null
    ? `${said || "You did not vote"}. The run has not answered yet.`
    : `${begun}the run says ${says}.${judged}`;
}

/**
 * @template {keyof HTMLElementTagNameMap} Kind
 * @param {Kind} kind
 * @param {string} text
 * @returns {HTMLElementTagNameMap[Kind]}
 */
function made(kind, text) {
  const one = document.createElement(kind);
  one.textContent = text;
  return one;
}

export class VotePage {
  /** What is shown. @type {Poll | null} */
  poll = null;

  /**
   * @param {HTMLElement} el
   * @param {(choice: number) => void} vote
   */
  constructor(el, vote) {
    this.vote = vote;
    this.question = made("h1", WAITING);
    this.choices = made("div", "");
    this.words = made("p", "");
    this.choices.setAttribute("role", "group");
    this.choices.setAttribute("aria-label", "Your vote");
    this.words.setAttribute("role", "status");
    el.append(this.question, this.choices, this.words);
  }

  /** @param {Poll} poll */
  show(poll) {
    const same = this.poll?.ask === poll.ask && this.poll.choices.join("\n") === poll.choices.join("\n");
    this.poll = poll;
    if (!same) {
      this.question.textContent = poll.ask;
      this.choices.replaceChildren(...poll.choices.map((choice, k) => {
        const button = made("button", choice);
        button.type = "button";
        button.addEventListener("click", () => this.vote(k));
        return button;
      }));
    }
    [...this.choices.children].forEach((button, k) => {
      button.setAttribute("aria-pressed", String(k === poll.yours));
      button.classList.toggle("right", !poll.open && k === poll.right);
      /** @type {HTMLButtonElement} */ (button).disabled = !poll.open;
    });
    this.say(verdict(poll));
  }

  /** @param {string} words */
  say(words) {
    if (this.words.textContent !== words) this.words.textContent = words;
  }
}

/** Look for the question again and again, while the page is in sight. */
export function serve() {
  const there = `${location.pathname}/state`;
  /** The vote that is on its way. @type {number | null} */
  let sent = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(there), found = await answer.json();
      if (!answer.ok) page.say(found.sentence);
      else if (sent === null) page.show(found);
    } catch {
      page.say(LOST);
    }
    if (!document.hidden) timer = setTimeout(look, AGAIN);
  };
  /** @param {number} choice */
  const vote = async (choice) => {
    if (!page.poll) return;
    sent = choice;
    page.show({ ...page.poll, yours: choice });
    let words = "";
    try {
      const body = JSON.stringify({ choice });
      const answer = await fetch(there, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!answer.ok) words = (await answer.json()).sentence;
    } catch {
      words = LOST;
    }
    if (sent === choice) sent = null;
    if (!words) return;
    await look();
    page.say(words);
  };
  const page = new VotePage(/** @type {HTMLElement} */ (document.querySelector("main")), vote);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();
}

if (location.pathname.startsWith("/vote/")) serve();
