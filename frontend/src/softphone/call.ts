// One call: what it is, what can be done with it, and how it sounds.

import type { RTCSession } from "jssip/lib/RTCSession";
import { type Heard, Quality } from "./quality.ts";

export type Stage = "incoming" | "calling" | "ringing" | "talking" | "over";

export interface CallEvents {
  changed(call: Call): void;
  audio(stream: MediaStream): void;
  heard(heard: Heard): void;
}

/** Of JsSIP's sessions; its types leave it out. */
interface InCall {
  sendRequest(
    method: "UPDATE",
    options: { extraHeaders: string[]; eventHandlers: { onDialogError(): void } },
  ): void;
}

const STATISTICS_MS = 1000;
const TONE_MS = 160;
const BETWEEN_TONES_MS = 80;
/** RFC 4733; JsSIP has it under the name of what came before. */
const TELEPHONE_EVENT = "RFC2833";
const DECLINED = 603;

const WORDS: Record<string, string> = {
  Busy: "They are busy",
  Rejected: "The call was declined",
  Unavailable: "Nobody can be reached there",
  "Not Found": "Nobody has this number",
  "No Answer": "Nobody answered",
  Canceled: "The caller has hung up",
  "Request Timeout": "The server does not answer",
  "Connection Error": "The connection broke",
  "Incompatible SDP": "This browser and the server have no codec in common",
  "Bad Media Description": "This browser and the server have no codec in common",
  "User Denied Media Access": "This page may not use the microphone",
  "WebRTC Error": "The browser could not set up the audio",
  "RTP Timeout": "No audio came any more",
};

/** Why a call is over, for people; empty: somebody hung up. */
export function because(cause: string): string {
  return cause === "Terminated" ? "" : (WORDS[cause] ?? `The call failed: ${cause}`);
}

export class Call {
  stage: Stage;
  why = "";
  talkingSince = 0;
  muted = false;
  microphone: MediaStream | null = null;
  private timer = 0;
  private readonly quality = new Quality();

  constructor(
    private readonly session: RTCSession,
    readonly party: string,
    readonly incoming: boolean,
    private readonly events: CallEvents,
  ) {
    this.stage = incoming ? "incoming" : "calling";
    session.on("peerconnection", ({ peerconnection }) => this.listen(peerconnection));
    // Ours has a connection before it can be listened to.
    if (session.connection) this.listen(session.connection);
    session.on("progress", () => this.become(incoming ? "incoming" : "ringing"));
    session.on("confirmed", () => {
      this.talkingSince = Date.now();
      this.become("talking");
    });
    session.on("ended", ({ cause }) => this.end(cause));
    session.on("failed", ({ cause }) => this.end(cause));
  }

  get ended(): boolean {
    return this.stage === "over";
  }

  answer(microphone: MediaStream): void {
    this.microphone = microphone;
    this.session.answer({ mediaStream: microphone, pcConfig: { iceServers: [] } });
  }

  /** Hang up, decline, or give up, whichever it is now. */
  hangUp(): void {
    if (this.session.isEnded()) return;
    const declines = this.stage === "incoming" && !this.microphone;
    this.session.terminate(declines ? { status_code: DECLINED } : {});
  }

  press(key: string): void {
    if (this.stage !== "talking") return;
    const options = { duration: TONE_MS, interToneGap: BETWEEN_TONES_MS };
    this.session.sendDTMF(key, { ...options, transportType: TELEPHONE_EVENT as never });
  }

  mute(muted: boolean): void {
    this.muted = muted;
    if (muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
    this.events.changed(this);
  }

  /** The connection was gone and is back: Asterisk would tell where it was that the call has ended. */
  moved(): void {
    if (!this.session.isEstablished()) return;
    (this.session as unknown as InCall).sendRequest("UPDATE", {
      extraHeaders: [`Contact: ${this.session.contact}`],
      // It has ended, and that was told to nobody.
      eventHandlers: { onDialogError: () => this.hangUp() },
    });
  }

  private listen(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track, streams }) => {
      this.events.audio(streams[0] ?? new MediaStream([track]));
    });
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.measure(connection), STATISTICS_MS);
  }

  private async measure(connection: RTCPeerConnection): Promise<void> {
    const heard = await this.quality.read(connection).catch(() => null);
    if (heard && this.stage === "talking") this.events.heard(heard);
  }

  private become(stage: Stage): void {
    this.stage = stage;
    this.events.changed(this);
  }

  private end(cause: string): void {
    window.clearInterval(this.timer);
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.why = because(cause);
    this.become("over");
  }
}
