// Files for the audio library: sent with progress, and what a browser has recorded made a WAV file.

import htmx from "htmx.org";
import { csrfToken, Refused } from "./http.ts";

const LIBRARY = "/api/v1/audio";
const CREATED = 201;
/** Samples a second: more than a telephone carries, less than a browser records. */
const RATE = 16_000;
const HEADER = 44;
const FULL = 0x7fff;

/** Add a file, or replace the one of that name; `told` hears how much is sent, 0..1. */
export function upload(name: string, file: Blob, told: (part: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // fetch tells nothing about what is sent.
    const request = new XMLHttpRequest();
    request.open("POST", `${LIBRARY}?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) told(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === CREATED) return resolve();
      const detail = (request.response as { detail?: unknown } | null)?.detail;
      const text = typeof detail === "string" ? detail : `The server answered ${request.status}`;
      reject(new Refused(request.status, text));
    });
    request.addEventListener("error", () =>
      reject(new Refused(0, "The server cannot be reached. Try again in a moment.")),
    );
    request.send(file);
  });
}

/** Show the page anew, as it is now. */
export function showLibrary(): void {
  const target = document.getElementById("page");
  if (!target) return;
  void htmx.ajax("get", "/audio", { target, select: "#page", swap: "outerHTML" });
}

/** The names that the library has; the page tells them. */
export function isThere(name: string): boolean {
  const text = document.getElementById("sound-names")?.textContent ?? "[]";
  return (JSON.parse(text) as string[]).includes(name);
}

/** What a browser has recorded, whatever its format, as a WAV file: 16 bit, mono. */
export async function wavOf(recorded: Blob): Promise<Blob> {
  const decoder = new OfflineAudioContext(1, 1, RATE);
  const sound = await decoder.decodeAudioData(await recorded.arrayBuffer());
  return new Blob([wav(mixed(sound), sound.sampleRate)], { type: "audio/wav" });
}

function mixed(sound: AudioBuffer): Float32Array {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, i) =>
    sound.getChannelData(i),
  );
  const [first = new Float32Array(), ...others] = channels;
  return first.map(
    (sample, at) => others.reduce((sum, other) => sum + (other[at] ?? 0), sample) / channels.length,
  );
}

/** A WAV file of `samples` (-1..1). */
export function wav(samples: Float32Array, rate: number): ArrayBuffer {
  const size = samples.length * 2;
  const file = new DataView(new ArrayBuffer(HEADER + size));
  const write = (at: number, text: string) => {
    for (let i = 0; i < text.length; i += 1) file.setUint8(at + i, text.charCodeAt(i));
  };
  write(0, "RIFF");
  file.setUint32(4, HEADER - 8 + size, true);
  write(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, rate, true);
  file.setUint32(28, rate * 2, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  write(36, "data");
  file.setUint32(40, size, true);
  samples.forEach((sample, i) => {
    const level = Math.max(-1, Math.min(1, sample));
    file.setInt16(HEADER + i * 2, Math.round(level * FULL), true);
  });
  return file.buffer;
}
