// <button data-opens="ID"> opens <dialog id="ID">; [data-closes] inside closes it, and so does a press
// on what is behind it. <dialog data-open-now> is opened as soon as it is there (after a swap too).

import htmx from "htmx.org";

function openNow(root: ParentNode): void {
  for (const dialog of root.querySelectorAll<HTMLDialogElement>("dialog[data-open-now]")) {
    delete dialog.dataset.openNow;
    if (!dialog.open) dialog.showModal();
  }
}

export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens ?? "");
      if (dialog instanceof HTMLDialogElement) dialog.showModal();
    } else if (target.closest("[data-closes]")) {
      target.closest("dialog")?.close();
    } else if (target instanceof HTMLDialogElement) {
      target.close();
    }
  });
  htmx.onLoad((element) => openNow(element as HTMLElement));
  openNow(document);
}
