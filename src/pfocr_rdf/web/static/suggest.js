// Suggestions below the search field, as a list for the arrow keys:
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ . Without this script the search is the same.
"use strict";

const WAIT_MS = 120;
let made = 0;

function offerSuggestions(form) {
  const input = form.querySelector("input[name=q]");
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `suggestions-${(made += 1)}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  form.append(list);
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-expanded", "false"],
    ["aria-controls", list.id],
  ]) {
    input.setAttribute(name, value);
  }
  let chosen = -1;
  let timer = 0;
  let asked = "";
  let request = null;

  function hide() {
    clearTimeout(timer);
    if (request) request.abort();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    const options = list.children;
    chosen = (number + options.length) % options.length;
    for (let at = 0; at < options.length; at += 1) {
      options[at].setAttribute("aria-selected", String(at === chosen));
    }
    input.setAttribute("aria-activedescendant", options[chosen].id);
    options[chosen].scrollIntoView({ block: "nearest" });
  }

  // A thing has a page of its own; a title is searched for.
  function take(option) {
    if (option.dataset.page) {
      window.location.assign(option.dataset.page);
    } else {
      input.value = option.dataset.text;
      hide();
      form.requestSubmit();
    }
  }

  function show(suggestions) {
    list.replaceChildren(
      ...suggestions.map((suggestion, at) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${at}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.text = suggestion.text;
        if (suggestion.page) option.dataset.page = suggestion.page;
        const aside = document.createElement("span");
        aside.textContent = `${suggestion.kind}, ${suggestion.figures.toLocaleString("en")}`;
        option.append(suggestion.text, aside);
        // Not click: by then the field has lost the focus, which hides the list.
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(option);
        });
        return option;
      }),
    );
    chosen = -1;
    list.hidden = suggestions.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function ask() {
    asked = input.value.trim();
    if (asked.length < 2) {
      hide();
      return;
    }
    if (request) request.abort();
    request = new AbortController();
    try {
      const address = `${form.dataset.suggest}?${new URLSearchParams({ q: asked })}`;
      const answer = await fetch(address, { signal: request.signal });
      const found = answer.ok ? (await answer.json()).suggestions : [];
      if (asked === input.value.trim() && document.activeElement === input) show(found);
    } catch {
      // Aborted by more typing, or out of reach: the search itself still works.
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("blur", hide);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Escape") hide();
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
}

document.querySelectorAll("form[data-suggest]").forEach(offerSuggestions);
