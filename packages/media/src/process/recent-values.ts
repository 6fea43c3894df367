/** The last few numbers of a series. */
export class RecentValues {
  private readonly values: number[] = [];
  private next = 0;

  /** @param capacity how many are kept */
  constructor(private readonly capacity: number) {}

  add(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.capacity;
  }

  /** The middle value (the lower of two), or null before the first. */
  median(): number | null {
    return [...this.values].sort((a, b) => a - b)[(this.values.length - 1) >> 1] ?? null;
  }

  /** Mean of a function of the values; NaN before the first. */
  mean(of: (value: number) => number): number {
    let sum = 0;
    for (const value of this.values) sum += of(value);
    return sum / this.values.length;
  }
}
