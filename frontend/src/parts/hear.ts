// A button that speaks a prompt by the server's own engines, as callers will hear it.
//
//   data-of="ID"           the prompt is what the fields in #ID hold now
//   data-text, data-audio  the prompt itself, where nothing can be changed
//   data-language, -voice  unless the form has fields of these names, or the page an element #spoken-in,
//                          which is replaced when they are saved

import { Refused, send } from "../lib/http.ts";
import { icon } from "../lib/icons.ts";
import { toast } from "../lib/toasts.ts";

let playing: (() => void) | undefined;

/** What is to be spoken. */
function wanted(button: HTMLElement): URLSearchParams {
  const box = document.getElementById(button.dataset.of ?? "");
  const form = button.closest("form");
  const field = (name: string) => {
    const found = form?.elements.namedItem(name);
    return found instanceof HTMLInputElement || found instanceof HTMLSelectElement
      ? found.value
      : undefined;
  };
  // Without the choice it is whichever of both there is.
  const choice = box?.querySelector<HTMLInputElement>('input[value="audio"]');
  const isFile = choice ? choice.checked : box !== null && !box.querySelector("textarea");
  const text = box?.querySelector("textarea")?.value ?? button.dataset.text ?? "";
  const file = box ? box.querySelector("select")?.value : button.dataset.audio;
  const spoken = document.getElementById("spoken-in")?.dataset ?? button.dataset;
  return new URLSearchParams({
    text: box && isFile ? "" : text,
    audio: box && !isFile ? "" : (file ?? ""),
    language: field("language") || spoken.language || "",
    voice: field("voice") ?? spoken.voice ?? "",
  });
}

export function mount(button: HTMLElement): () => void {
  const label = button.querySelector("span");
  let stop: (() => void) | undefined;

  const show = (name: string, text: string) => {
    button.querySelector("svg")?.replaceWith(icon(name));
    if (label) label.textContent = text;
  };

  async function play(): Promise<void> {
    playing?.();
    const asked = new AbortController();
    const sound = new Audio();
    stop = playing = () => {
      asked.abort();
      sound.pause();
      URL.revokeObjectURL(sound.src);
      stop = playing = undefined;
      show("play", "Hear it");
      delete button.dataset.playing;
    };
    show("loader-circle", "One moment");
    try {
      const answer = await send("/hear", {
        method: "POST",
        body: wanted(button),
        signal: asked.signal,
      });
      sound.src = URL.createObjectURL(await answer.blob());
      sound.addEventListener("ended", () => stop?.());
      await sound.play();
      show("square", "Stop");
      button.dataset.playing = String(sound.duration);
    } catch (error) {
      if (asked.signal.aborted) return;
      stop?.();
      toast(error instanceof Refused ? error.message : "This cannot be played here", "danger");
    }
  }

  const pressed = () => (stop ? stop() : void play());
  button.addEventListener("click", pressed);
  return () => {
    stop?.();
    button.removeEventListener("click", pressed);
  };
}
