// Keeps the page's lines registered, and tells of calls that come on any of them.

import { UA, WebSocketInterface } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import { isFinal, type Line, openLines, pause } from "./lines.ts";

export type Standing = "off" | "connecting" | "ready" | "refused";

export interface AgentEvents {
  standing(standing: Standing, why: string): void;
  incoming(session: RTCSession, party: string): void;
  /** Whether there is a call, which no line may be changed under. */
  busy(): boolean;
}

/** Any name will do: who we are is said by the user before it. */
export const DOMAIN = "ivrserver";
/** How long a line that is gone without a word may be taken for one that is there. */
const REGISTER_S = 60;
const SIGNED_OUT = 4401;
const UNKNOWN = 4404;
/** Some Asterisk was away: it has no line of ours yet, and its calls do not find us. */
const INCOMPLETE_MS = 60_000;
const RECONNECT_S = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 30 };

export class Agent {
  private uas: UA[] = [];
  private wanted = false;
  private failures = 0;
  private attempt = 0;
  private timer = 0;
  user = "";

  constructor(private readonly events: AgentEvents) {}

  get ready(): boolean {
    return this.uas.some((ua) => ua.isRegistered());
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.failures = 0;
    void this.connect();
  }

  stop(): void {
    this.wanted = false;
    window.clearTimeout(this.timer);
    this.drop();
    this.events.standing("off", "");
  }

  /** A new call to what is dialled; null: there is no line. */
  call(dialled: string, microphone: MediaStream): RTCSession | null {
    const ua = this.uas.find((each) => each.isRegistered());
    const user = encodeURIComponent(dialled).replaceAll("%2B", "+");
    const target = `sip:${user}@${DOMAIN}`;
    return ua?.call(target, { mediaStream: microphone, pcConfig: { iceServers: [] } }) ?? null;
  }

  private async connect(): Promise<void> {
    this.drop();
    this.events.standing("connecting", "");
    const attempt = ++this.attempt;
    try {
      const { user, lines, asterisks } = await openLines();
      // Switched off, or off and on again: those lines are nobody's, and the server takes them away.
      if (!this.wanted || attempt !== this.attempt) return;
      this.user = user;
      this.uas = lines.map((line) => this.register(line));
      if (lines.length < asterisks) this.later(INCOMPLETE_MS);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (attempt !== this.attempt) return;
      if (!isFinal(error)) return this.again(why);
      this.wanted = false;
      this.events.standing("refused", why);
    }
  }

  /** Ask for new lines, later and later while that fails. */
  private again(why: string): void {
    if (!this.wanted) return;
    this.failures += 1;
    if (!this.ready) this.events.standing("connecting", why);
    this.later(pause(this.failures));
  }

  /** Take new lines in a while; not before a call is over, as it would end with its line. */
  private later(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.events.busy()) this.later(ms);
      else void this.connect();
    }, ms);
  }

  private drop(): void {
    const dropped = this.uas;
    this.uas = [];
    for (const ua of dropped) ua.stop();
  }

  private register(line: Line): UA {
    const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocketInterface(`${scheme}//${window.location.host}${line.socket}`);
    const ua = new UA({
      sockets: [socket],
      uri: `sip:${line.name}@${DOMAIN}`,
      password: line.password,
      register_expires: REGISTER_S,
      session_timers: false,
      user_agent: "ivrserver",
      ...RECONNECT_S,
    });
    ua.on("registered", () => {
      this.failures = 0;
      this.tell(ua, "ready", "");
    });
    ua.on("registrationFailed", ({ cause }) => {
      // A broken connection comes back by itself with the same line.
      if (ua.isConnected() && this.uas.includes(ua)) this.again(cause ?? "the line was refused");
    });
    ua.on("disconnected", ({ code, reason }) => {
      if (!this.uas.includes(ua)) return;
      if (code === SIGNED_OUT) {
        this.stop();
        this.events.standing("refused", "You are signed out: load the page again.");
      } else if (code === UNKNOWN) this.again("");
      else if (!this.ready) this.tell(ua, "connecting", reason || "The connection is gone");
    });
    ua.on("newRTCSession", ({ session }: { session: RTCSession }) => {
      // By the session: an outgoing call is told of here too.
      if (session.direction !== "incoming") return;
      const { display_name: name, uri } = session.remote_identity;
      this.events.incoming(session, name || uri.user || "Unknown caller");
    });
    ua.start();
    return ua;
  }

  private tell(ua: UA, standing: Standing, why: string): void {
    if (this.uas.includes(ua)) this.events.standing(standing, why);
  }
}
