// A place for sound files: chosen or dropped, sent one after the other, each with its progress.
//
//   data-name       what the one file is to be called; empty: as it is called
//   data-max-bytes  larger ones are refused before they are sent

import { Refused } from "../lib/http.ts";
import { icon } from "../lib/icons.ts";
import { isThere, showLibrary, upload } from "../lib/sounds.ts";

const MEGA = 1_000_000;

/** A line about one file. */
class Line {
  readonly element = document.createElement("li");
  private readonly bar = document.createElement("progress");
  private readonly words = document.createElement("span");

  constructor(name: string) {
    const title = document.createElement("strong");
    title.className = "breaks";
    title.textContent = name;
    this.bar.max = 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", `${name}: sent`);
    this.words.className = "small soft breaks";
    this.element.className = "upload-line";
    this.element.append(title, this.bar, this.words);
  }

  progress(part: number): void {
    this.bar.value = part;
    this.words.textContent = part < 1 ? `${Math.round(part * 100)} %` : "looking at it";
  }

  done(): void {
    this.say("circle-check", "saved", "is-ok");
  }

  failed(text: string): void {
    this.say("octagon-alert", text, "is-danger");
  }

  /** Ask before something of that name is replaced. */
  ask(): Promise<boolean> {
    this.bar.hidden = true;
    this.words.textContent = "A file of that name is there.";
    const buttons = document.createElement("span");
    buttons.className = "row";
    return new Promise((resolve) => {
      const add = (text: string, answer: boolean) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button is-small";
        button.textContent = text;
        button.addEventListener("click", () => {
          buttons.remove();
          this.bar.hidden = false;
          resolve(answer);
        });
        buttons.append(button);
        return button;
      };
      const yes = add("Replace it", true);
      add("Leave it", false);
      this.element.append(buttons);
      yes.focus();
    });
  }

  private say(name: string, text: string, tone: string): void {
    this.bar.remove();
    this.words.className = `small breaks upload-said ${tone}`;
    const words = document.createElement("span");
    words.textContent = text;
    this.words.replaceChildren(icon(name), words);
  }
}

export function mount(element: HTMLElement): () => void {
  const input = element.querySelector<HTMLInputElement>('input[type="file"]');
  const zone = element.querySelector<HTMLElement>(".dropzone");
  const list = element.querySelector(".uploads");
  const most = Number(element.dataset.maxBytes);
  const fixed = element.dataset.name ?? "";
  if (!input || !zone || !list) return () => {};

  async function send(file: File): Promise<boolean> {
    const name = fixed || file.name;
    const line = new Line(name);
    list?.append(line.element);
    if (file.size > most) {
      line.failed(`It has more than ${Math.floor(most / MEGA)} MB. Shorten it.`);
      return false;
    }
    if (!fixed && isThere(name) && !(await line.ask())) {
      line.failed("left as it was");
      return false;
    }
    try {
      await upload(name, file, (part) => line.progress(part));
      line.done();
      return true;
    } catch (error) {
      line.failed(error instanceof Refused ? error.message : String(error));
      return false;
    }
  }

  async function all(files: File[]): Promise<void> {
    const wanted = fixed ? files.slice(0, 1) : files;
    if (!wanted.length || input?.disabled) return;
    list?.replaceChildren();
    if (input) input.disabled = true;
    const sent: boolean[] = [];
    for (const file of wanted) sent.push(await send(file));
    if (input) {
      input.disabled = false;
      input.value = "";
    }
    // What went wrong stays to be read: the list is shown anew when the dialog is closed.
    if (sent.every(Boolean)) showLibrary();
    else if (sent.some(Boolean))
      element.closest("dialog")?.addEventListener("close", showLibrary, { once: true });
  }

  const chosen = () => void all([...(input.files ?? [])]);
  const over = (event: DragEvent) => {
    event.preventDefault();
    zone.classList.add("is-over");
  };
  const away = () => zone.classList.remove("is-over");
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    away();
    void all([...(event.dataTransfer?.files ?? [])]);
  };
  input.addEventListener("change", chosen);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", away);
  zone.addEventListener("drop", dropped);
  return () => {
    input.removeEventListener("change", chosen);
    zone.removeEventListener("dragover", over);
    zone.removeEventListener("dragleave", away);
    zone.removeEventListener("drop", dropped);
  };
}
