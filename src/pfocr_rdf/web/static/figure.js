// Additions to a figure's page. Without this script the page has the same contents.
"use strict";

// Replace a picture that cannot be loaded by a link: the site that has it may be out of reach.
function replacePicture(picture) {
  const link = document.createElement("a");
  link.href = picture.dataset.at || picture.src;
  link.textContent = "See it at its source";
  const note = document.createElement("p");
  note.className = "missing";
  note.append("The picture could not be loaded.", link);
  (picture.closest("a") || picture).replaceWith(note);
}

for (const picture of document.querySelectorAll("img[data-at]")) {
  if (picture.complete && picture.naturalWidth === 0) {
    replacePicture(picture);
  } else {
    picture.addEventListener("error", () => replacePicture(picture), { once: true });
  }
}

// Buttons to copy: their names include the row, and screen readers announce that one was pressed.
const told = document.createElement("p");
told.className = "hidden";
told.setAttribute("role", "status");
document.querySelector("main").append(told);

for (const area of document.querySelectorAll("textarea[data-copy]")) {
  const button = document.createElement("button");
  const words = document.createElement("span");
  const row = document.createElement("span");
  button.type = "button";
  button.className = "quiet";
  words.textContent = `Copy ${area.dataset.copy}`;
  row.className = "hidden";
  row.textContent = area.getAttribute("aria-label").replace(/^[^:]*/, "");
  button.append(words, row);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(area.value);
    } catch {
      area.select();
      document.execCommand("copy"); // if the page is not served over https
      button.focus();
    }
    told.textContent = words.textContent = "Copied";
    setTimeout(() => {
      words.textContent = `Copy ${area.dataset.copy}`;
      told.textContent = "";
    }, 1500);
  });
  area.after(button);
}
