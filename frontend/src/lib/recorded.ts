// What this page has recorded, by the address that players are given. The Content Security Policy lets
// nobody fetch such an address again, so whoever draws it asks here.

const kept = new Map<string, Blob>();

/** An address for `sound`, until it is forgotten. */
export function addressOf(sound: Blob): string {
  const address = URL.createObjectURL(sound);
  kept.set(address, sound);
  return address;
}

export function forget(address: string): void {
  kept.delete(address);
  URL.revokeObjectURL(address);
}

/** Its bytes; undefined: it was not recorded here. */
export function bytesOf(address: string): Promise<ArrayBuffer> | undefined {
  return kept.get(address)?.arrayBuffer();
}
