// What a figure's page does beyond HTML. Without this the page says the same.
"use strict";

// A picture that cannot be loaded gives way to a link: the site that has it may be out of reach.
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

for (const area of document.querySelectorAll("textarea[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = `Copy ${area.dataset.copy}`;
  button.addEventListener("click", async () => {
    area.select();
    try {
      await navigator.clipboard.writeText(area.value);
    } catch {
      document.execCommand("copy"); // where the page is not served over https
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = `Copy ${area.dataset.copy}`; }, 1500);
  });
  area.after(button);
}
