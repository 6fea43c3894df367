/**
 * Colours of classes, for boxes on video with dark text on them and for swatches in either theme. Chosen one after the other
 * so that each is as far as can be from those before it, for people who see all colours and for those who lack red, green or
 * blue (distances in OKLab, after simulating each; the test measures them). The first eight are easy to tell apart.
 */
export const PALETTE = [
  '#5fc9db',
  '#e86518',
  '#f0e331',
  '#8a7dfa',
  '#c3fffe',
  '#ae849b',
  '#ddae6c',
  '#79ff9c',
  '#b0d6b6',
  '#8ca2e4',
  '#dc8c7f',
  '#eec651',
] as const;

/** Classes that are seen most begin at places far apart, the same in every session; others where their name hashes to. */
const FIRST: Readonly<Record<string, number>> = {
  person: 0,
  car: 1,
  dog: 2,
  bicycle: 3,
  truck: 2,
  bus: 3,
  motorcycle: 7,
  cat: 5,
};

/**
 * Gives classes their colours: no two on the screen have the same one while there are colours left, and a class keeps its own
 * as long as the session lasts. Past twelve classes the one that was not on the screen for longest gives up its colour.
 */
export class ClassPalette {
  private readonly slots = new Map<string, number>();
  /** When each class was last on the screen, in calls of `see`. */
  private readonly lastSeen = new Map<string, number>();
  private now = 0;

  /** Colour of a class, `#rrggbb`. */
  colorOf(label: string): string {
    return PALETTE[this.slots.get(label) ?? this.assign(label)]!;
  }

  /** These classes are on the screen now. */
  see(labels: Iterable<string>): void {
    this.now += 1;
    for (const label of labels) this.lastSeen.set(label, this.now);
  }

  /** Forgets all classes: another session. */
  clear(): void {
    this.slots.clear();
    this.lastSeen.clear();
  }

  private assign(label: string): number {
    const taken = new Set(this.slots.values());
    const first = FIRST[label] ?? hash(label) % PALETTE.length;
    for (let step = 0; step < PALETTE.length; step++) {
      const slot = (first + step) % PALETTE.length;
      if (!taken.has(slot)) return this.give(label, slot);
    }
    const seen = (other: string) => this.lastSeen.get(other) ?? 0;
    const [oldest, slot] = [...this.slots].reduce((a, b) => (seen(b[0]) < seen(a[0]) ? b : a));
    this.slots.delete(oldest);
    this.lastSeen.delete(oldest);
    return this.give(label, slot);
  }

  private give(label: string, slot: number): number {
    this.slots.set(label, slot);
    this.lastSeen.set(label, this.lastSeen.get(label) ?? this.now);
    return slot;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
