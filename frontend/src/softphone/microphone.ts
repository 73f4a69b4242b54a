// The microphone, and why there is none, in words that say what to do.

export class NoMicrophone extends Error {}

const STORED = "softphone.microphone";
const STORED_SPEAKER = "softphone.speaker";

export const chosenMicrophone = (): string => localStorage.getItem(STORED) ?? "";
export const chosenSpeaker = (): string => localStorage.getItem(STORED_SPEAKER) ?? "";

export function choose(kind: MediaDeviceKind, id: string): void {
  localStorage.setItem(kind === "audioinput" ? STORED : STORED_SPEAKER, id);
}

function advice(error: unknown): string {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
      return "This page may not use the microphone. Allow it in the browser's address bar, then call again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone was found. Plug one in or choose another, then call again.";
    case "NotReadableError":
      return "The microphone is in use by another program. Close that one, then call again.";
    default:
      return "The microphone does not work. Choose another, then call again.";
  }
}

/** Rejects with NoMicrophone. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices)
    throw new NoMicrophone(
      "Browsers give a microphone to pages over https only: open this portal by its https address.",
    );
  const id = chosenMicrophone();
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const open = (audio: MediaTrackConstraints) =>
    navigator.mediaDevices.getUserMedia({ audio, video: false });
  try {
    // A device that was unplugged is no reason not to call.
    return await open(id ? { ...wanted, deviceId: { ideal: id } } : wanted);
  } catch (error) {
    throw new NoMicrophone(advice(error));
  }
}

/** Those that there are; they have names once the page may use the microphone. */
export async function devices(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((device) => device.kind === kind && device.deviceId);
}
