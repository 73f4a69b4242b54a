// What WebRTC's statistics say about a call, once a second.

export interface Heard {
  codec: string;
  packets: number;
  lost: number;
  /** Share of the packets of the last seconds that were lost, 0..1. */
  loss: number;
  jitterMs: number;
  roundTripMs: number | null;
  /** Energy of all audio so far: it grows only while something is heard. */
  energy: number;
}

export type Grade = "good" | "fair" | "poor" | "silent";

const REMEMBERED = 5;

/** A stat by its fields, which TypeScript's own types do not all know. */
type Stat = Record<string, string | number | boolean | undefined>;

const number = (value: unknown): number => (typeof value === "number" ? value : 0);

function codecName(stat: Stat | undefined): string {
  const kind = String(stat?.mimeType ?? "").replace(/^audio\//i, "");
  const names: Record<string, string> = { opus: "Opus", PCMU: "G.711 µ-law", PCMA: "G.711 A-law" };
  return names[kind] ?? kind;
}

/** Reads the statistics of one connection again and again. */
export class Quality {
  private before: { packets: number; lost: number }[] = [];

  async read(connection: RTCPeerConnection): Promise<Heard | null> {
    const stats = new Map<string, Stat>();
    (await connection.getStats()).forEach((stat: Stat, id: string) => {
      stats.set(id, stat);
    });
    const all = [...stats.values()];
    const incoming = all.find((stat) => stat.type === "inbound-rtp" && stat.kind === "audio");
    if (!incoming) return null;
    const remote = all.find((stat) => stat.type === "remote-inbound-rtp");
    const pair = all.find((stat) => stat.type === "candidate-pair" && stat.nominated);
    const packets = number(incoming.packetsReceived);
    const lost = Math.max(0, number(incoming.packetsLost));
    const trip = remote?.roundTripTime ?? pair?.currentRoundTripTime;
    return {
      codec: codecName(stats.get(String(incoming.codecId))),
      packets,
      lost,
      loss: this.lossOfLate(packets, lost),
      jitterMs: number(incoming.jitter) * 1000,
      roundTripMs: typeof trip === "number" ? trip * 1000 : null,
      energy: number(incoming.totalAudioEnergy),
    };
  }

  private lossOfLate(packets: number, lost: number): number {
    const oldest = this.before[0] ?? { packets: 0, lost: 0 };
    this.before = [...this.before, { packets, lost }].slice(-REMEMBERED);
    const missing = lost - oldest.lost;
    const sent = packets - oldest.packets + missing;
    return sent > 0 ? Math.max(0, missing) / sent : 0;
  }
}

/** How it sounds, as a person would say. Limits: ITU-T G.113, G.114, rounded. */
export function grade(heard: Heard): Grade {
  if (heard.packets === 0) return "silent";
  const trip = heard.roundTripMs ?? 0;
  if (heard.loss > 0.05 || heard.jitterMs > 50 || trip > 600) return "poor";
  if (heard.loss > 0.01 || heard.jitterMs > 25 || trip > 300) return "fair";
  return "good";
}
