// Of several tabs one has the phone: it would ring in all of them, and be answered in the wrong one.

const NAME = "softphone";

export interface Turn {
  /** Ask the tab that has it to give it up; it does unless it is on a call. */
  take(): void;
  end(): void;
}

/** Call `begin` when it is this tab's turn, and `lose` when another has asked for it and may. */
export function waitForTurn(begin: () => void, lose: () => void, busy: () => boolean): Turn {
  if (!navigator.locks) {
    // Not over https: there is no telling tabs apart, and no microphone either.
    queueMicrotask(begin);
    return { take: () => {}, end: () => {} };
  }
  const words = new BroadcastChannel(NAME);
  const over = new AbortController();
  let giveUp: (() => void) | null = null;

  const queue = () =>
    navigator.locks
      .request(NAME, { signal: over.signal }, () => {
        begin();
        return new Promise<void>((resolve) => {
          giveUp = resolve;
        });
      })
      .then(
        () => {
          giveUp = null;
          if (!over.signal.aborted) void queue();
        },
        () => {},
      );

  words.addEventListener("message", () => {
    if (!giveUp || busy()) return;
    lose();
    giveUp();
  });
  void queue();
  return {
    take: () => words.postMessage("take"),
    end: () => {
      over.abort();
      giveUp?.();
      words.close();
    },
  };
}
