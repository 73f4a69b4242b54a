// One of several: [data-when="VALUE"] is shown, and sent, while the radio or menu [data-chooses] inside
// has one of the values (several with blanks between them).

export function mount(element: HTMLElement): () => void {
  const choices = [
    ...element.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-chooses]"),
  ];
  const show = () => {
    const chosen = choices.find((each) => each instanceof HTMLSelectElement || each.checked);
    for (const part of element.querySelectorAll<HTMLFieldSetElement>("[data-when]")) {
      const on = part.dataset.when?.split(" ").includes(chosen?.value ?? "") ?? false;
      part.hidden = !on;
      part.disabled = !on;
    }
  };
  element.addEventListener("change", show);
  show();
  return () => element.removeEventListener("change", show);
}
