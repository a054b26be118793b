// Keys and saving at once for the pages of `chatparity review`. Without this file every page works by its forms.
"use strict";
(() => {
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  if (matchMedia("(max-width: 62rem)").matches) all("details.rests").forEach((part) => part.removeAttribute("open"));

  const form = one("#card");
  const saved = one("#saved");
  const questions = form ? all("fieldset.criterion:not(:disabled)", form) : [];
  let current = 0;
  let waiting = Promise.resolve();
  let lost = false;

  const tell = (text, wrong = false) => {
    if (!saved) return;
    saved.textContent = text;
    saved.classList.toggle("wrong", wrong);
  };

  const show = (place, scroll = true) => {
    current = Math.max(0, Math.min(place, questions.length));
    questions.forEach((part, number) => part.classList.toggle("current", number === current));
    const part = questions[current] || one(".buttons", form);
    if (scroll && part) part.scrollIntoView({ block: "nearest" });
  };

  // One after the other, so that what was clicked last is what holds.
  const save = (name, value) => {
    const body = new URLSearchParams({ proof: form.elements.proof.value, quick: "1", then: "stay" });
    body.append(name, value);
    waiting = waiting.then(async () => {
      tell("saving …");
      try {
        const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
        if (!answer.ok) throw new Error(answer.status === 409 ? await answer.text() : `the server says ${answer.status}`);
        lost = false;
        tell("saved");
      } catch (error) {
        lost = true;
        const why = error instanceof TypeError ? "chatparity cannot be reached. Start it again and answer once more" : error.message;
        tell(`Not saved: ${why}.`, true);
      }
    });
    return waiting;
  };

  if (form) {
    questions.forEach((part, number) => part.addEventListener("focusin", () => show(number, false)));
    form.addEventListener("change", (event) => {
      if (event.target.name) save(event.target.name, event.target.value);
    });
    form.addEventListener("submit", async (event) => {
      if (form.dataset.going) return;
      event.preventDefault();
      const button = event.submitter;
      await waiting;
      if (lost) {
        const given = new FormData(form);
        for (const [name, value] of given) if (!["proof", "show", "language", "find"].includes(name)) save(name, value);
        await waiting;
        if (lost) return;
      }
      form.dataset.going = "yes";
      // Not before this event is over: a form that is being submitted does not let itself be submitted.
      setTimeout(() => form.requestSubmit(button));
    });
    addEventListener("pageshow", () => delete form.dataset.going);
    const unanswered = questions.findIndex((part) => !all("input:checked", part).some((input) => input.value));
    show(unanswered < 0 ? questions.length : unanswered, false);
  }

  const answer = (digit) => {
    const part = questions[current];
    if (!part) return;
    const inputs = all("input[type=radio]", part);
    const chosen = digit === 0 ? inputs.find((input) => input.value === "") : inputs.filter((input) => input.value)[digit - 1];
    if (!chosen) return;
    if (!chosen.checked) {
      chosen.checked = true;
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
    }
    show(current + 1);
  };

  const press = (selector) => {
    const found = one(selector);
    if (found) found.click();
  };

  const keys = {
    f: () => press("#card button[value=stay]"),
    s: () => press("#card button[value=skip]"),
    u: () => press("#undo button"),
    g: () => press("#seen button"),
    n: () => press("#after"),
    p: () => press("#before"),
    c: () => { const field = one("#comment"); if (field) field.focus(); },
    ArrowDown: () => show(current + 1),
    ArrowUp: () => show(current - 1),
    Enter: () => press("#card button.main"),
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.target;
    if (at.matches("textarea, input:not([type=radio]), select")) {
      if (event.key === "Escape") at.blur();
      return;
    }
    if (/^[0-9]$/.test(event.key)) {
      const button = one(`#compare button[data-key="${event.key}"]`);
      if (button) button.click();
      else answer(Number(event.key));
      event.preventDefault();
      return;
    }
    const known = keys[event.key] || keys[event.key.toLowerCase()];
    if (!known) return;
    if (event.key === "Enter" && at.matches("a, button, summary")) return;
    if (event.key.startsWith("Arrow") && (at.matches("input[type=radio]") || !questions.length)) return;
    if (!form && !one("#compare")) return;
    event.preventDefault();
    known();
  });
})();
