// <form data-part="unsaved"> is not left with unsaved changes by mistake (lib/leaving.ts). One that comes
// back from the server unsaved, with mistakes in it, has data-unsaved.

import { mind } from "../lib/leaving.ts";

export function mount(form: HTMLElement): () => void {
  if (!(form instanceof HTMLFormElement)) throw new TypeError("only a form can be unsaved");
  return mind(form);
}
