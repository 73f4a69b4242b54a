// Small things by attribute:
//
//   data-copy="TEXT"        copies TEXT (empty: the text of the next <code>) when it is pressed
//   data-submit-on-change   a form that is sent as soon as a field of it changes
//   data-reveals="ID"       a check box or radio that shows #ID while it is checked
//   data-shows-secret="ID"  a button that shows what is typed into the password field #ID
//   data-drops="SELECTOR"   takes what it is in away: a form that is not wanted after all

import { toast } from "./toasts.ts";

async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset.copy || button.parentElement?.querySelector("code")?.textContent;
  await navigator.clipboard.writeText(text ?? "").then(
    () => toast("Copied", "ok"),
    () => toast("The browser does not allow copying here: select the text instead", "warn"),
  );
}

function showSecret(button: HTMLElement): void {
  const field = document.getElementById(button.dataset.showsSecret ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}

function reveal(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-reveals]")) {
    const shown = document.getElementById(input.dataset.reveals ?? "");
    if (shown) shown.hidden = !input.checked;
  }
}

export function startEnhancements(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const copies = target.closest<HTMLElement>("[data-copy]");
    if (copies) void copy(copies);
    const shows = target.closest<HTMLElement>("[data-shows-secret]");
    if (shows) showSecret(shows);
    const drops = target.closest<HTMLElement>("[data-drops]");
    if (drops) {
      event.preventDefault();
      drops.closest(drops.dataset.drops ?? "form")?.remove();
    }
  });
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.closest("[data-submit-on-change]")) field.form?.requestSubmit();
    reveal();
  });
  document.addEventListener("htmx:load", reveal);
  reveal();
}
