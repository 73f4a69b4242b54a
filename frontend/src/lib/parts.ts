// `data-part="NAME"` on an element loads src/parts/NAME.ts and mounts it there, on page load and
// after every swap by htmx. A part exports `mount`; what that returns is called when the element goes.

import htmx from "htmx.org";

export type Unmount = () => void;

interface Part {
  // biome-ignore lint/suspicious/noConfusingVoidType: a part that has nothing to undo returns nothing
  mount(element: HTMLElement): Unmount | void;
}

const mounted = new WeakMap<Element, Unmount>();
const seen = new WeakSet<Element>();

async function mountOne(element: HTMLElement): Promise<void> {
  if (seen.has(element)) return;
  seen.add(element);
  const name = element.dataset.part ?? "";
  const part = (await import(`../parts/${name}.ts`)) as Part;
  if (!element.isConnected) return;
  mounted.set(element, part.mount(element) ?? (() => {}));
  element.dataset.mounted = "";
}

export function mountParts(root: ParentNode): void {
  const found = [...root.querySelectorAll<HTMLElement>("[data-part]")];
  if (root instanceof HTMLElement && root.dataset.part) found.unshift(root);
  for (const element of found) void mountOne(element);
}

export function startParts(): void {
  htmx.onLoad((element) => mountParts(element as HTMLElement));
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    const element = event.target as Element;
    mounted.get(element)?.();
    mounted.delete(element);
  });
  mountParts(document.body);
}
