// Rows of fields that can be added, moved and removed: [data-rows] holds each [data-row]; <template> is
// a new one, NUMBER in its attributes replaced by one that no row has had. The server minds the order, not the numbers.

import { tell } from "../lib/told.ts";

/** What a row is called: the first thing that stands in it. */
function nameOf(row: Element): string {
  const field = row.querySelector<HTMLInputElement | HTMLSelectElement>(
    "input:not([type=checkbox]), select",
  );
  return field?.value ? `“${field.value}”` : "It";
}

export function mount(element: HTMLElement): () => void {
  const rows = element.querySelector<HTMLElement>("[data-rows]");
  const template = element.querySelector("template");
  let next = rows?.children.length ?? 0;

  function add(): void {
    if (!rows || !template) return;
    const row = template.content.cloneNode(true) as DocumentFragment;
    for (const element of row.querySelectorAll("*"))
      for (const attribute of element.attributes)
        attribute.value = attribute.value.replaceAll("NUMBER", String(next));
    next += 1;
    const field = row.querySelector<HTMLElement>("input, select");
    rows.append(row);
    field?.focus();
  }

  function remove(button: HTMLElement): void {
    const row = button.closest("[data-row]");
    if (!row || !rows) return;
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    const focus = beside?.querySelector<HTMLElement>("[data-remove-row]");
    (focus ?? element.querySelector<HTMLElement>("[data-add-row]"))?.focus();
    const left = rows.children.length;
    tell(`${nameOf(row)} is removed, ${left} ${left === 1 ? "is" : "are"} left.`);
  }

  function move(button: HTMLElement): void {
    const row = button.closest("[data-row]");
    if (!row || !rows) return;
    const up = button.dataset.moveRow === "up";
    if (up) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    // At an end of the list there is no going on: that button is hidden.
    const ended = up ? !row.previousElementSibling : !row.nextElementSibling;
    const other = row.querySelector<HTMLElement>(`[data-move-row="${up ? "down" : "up"}"]`);
    (ended ? other : button)?.focus();
    const at = [...rows.children].indexOf(row) + 1;
    tell(`${nameOf(row)} is number ${at} of ${rows.children.length} now.`);
  }

  const pressed = (event: Event) => {
    const target = event.target as Element;
    const removes = target.closest<HTMLElement>("[data-remove-row]");
    if (removes) remove(removes);
    else if (target.closest("[data-add-row]")) add();
    const moves = target.closest<HTMLElement>("[data-move-row]");
    if (moves) move(moves);
  };
  element.addEventListener("click", pressed);
  return () => element.removeEventListener("click", pressed);
}
