// Forms that are not left with unsaved changes by mistake: whatever takes one away asks first, be it a link or
// another form of the portal, the browser's Back, or closing the tab. What is marked data-discards (Cancel)
// does not ask. Nothing is asked when all is as it was.

interface Confirmation {
  elt: Element;
  target: Element;
  issueRequest(skipConfirmation: boolean): void;
}

/** What stood in each form when it came. */
const before = new Map<HTMLFormElement, string>();
let address = "";

/** What stands in the form; of fieldsets that are switched off too. */
function contentOf(form: HTMLFormElement): string {
  const fields = [...form.elements].filter(
    (each): each is HTMLInputElement =>
      "value" in each && "name" in each && each.name !== "" && each.tagName !== "BUTTON",
  );
  return JSON.stringify(
    fields.map((each) => [
      each.name,
      ["checkbox", "radio"].includes(each.type) ? [each.value, each.checked] : each.value,
    ]),
  );
}

function isUnsaved(form: HTMLFormElement): boolean {
  return form.dataset.unsaved !== undefined || contentOf(form) !== before.get(form);
}

function unsavedIn(element: Element): HTMLFormElement[] {
  return [...before.keys()].filter((form) => element.contains(form) && isUnsaved(form));
}

/** Ask whether `forms` may go; then they are forgotten, and `leave` goes on. */
function ask(forms: HTMLFormElement[], leave: () => void): void {
  const dialog = document.getElementById("leaving");
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  const answered = new AbortController();
  const { signal } = answered;
  dialog.addEventListener("close", () => answered.abort(), { signal });
  dialog.querySelector("[data-leaves]")?.addEventListener(
    "click",
    () => {
      dialog.close();
      for (const form of forms) before.delete(form);
      leave();
    },
    { signal },
  );
  dialog.showModal();
}

/** A request of htmx whose answer would take a form's place. */
function asked(event: Event): void {
  const { elt, target, issueRequest } = (event as CustomEvent<Confirmation>).detail;
  if (elt.closest("[data-discards]")) return;
  const forms = unsavedIn(target).filter((form) => form !== elt);
  if (forms.length === 0) return;
  event.preventDefault();
  ask(forms, () => issueRequest(true));
}

/** Back and Forward have changed the address already: stay where we are until it is answered. */
function went(event: PopStateEvent): void {
  const forms = unsavedIn(document.body);
  if (forms.length === 0 || location.href.split("#")[0] === address.split("#")[0]) return;
  event.stopImmediatePropagation();
  history.pushState({ htmx: true }, "", address);
  ask(forms, () => history.back());
}

function closed(event: BeforeUnloadEvent): void {
  if (unsavedIn(document.body).length > 0) event.preventDefault();
}

/** Begin to mind `form`; what is returned ends it. */
export function mind(form: HTMLFormElement): () => void {
  address = location.href;
  before.set(form, contentOf(form));
  return () => before.delete(form);
}

/** To be called before htmx is ready: a window's listeners are called in their order. */
export function startLeaving(): void {
  document.addEventListener("htmx:confirm", asked);
  window.addEventListener("popstate", went);
  window.addEventListener("beforeunload", closed);
}
