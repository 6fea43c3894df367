/** Pings kept: the best of the last ones decides, so a change of the machine's clock is followed within minutes. */
const KEPT_SAMPLES = 12;

/**
 * The server's wall clock as seen from here. Each ping gives offset = server time − middle of the round trip, wrong by at most
 * half of the round trip; the sample with the shortest round trip is taken (as NTP does).
 */
export class ServerClock {
  private samples: { offsetMs: number; roundTripMs: number }[] = [];

  /** @param sentAt, receivedAt local Unix ms; @param serverAt the server's Unix ms */
  addPing(sentAt: number, receivedAt: number, serverAt: number): void {
    const roundTripMs = receivedAt - sentAt;
    if (!(roundTripMs >= 0)) return;
    this.samples.push({ offsetMs: serverAt - (sentAt + roundTripMs / 2), roundTripMs });
    if (this.samples.length > KEPT_SAMPLES) this.samples.shift();
  }

  /** Server clock minus local clock, ms; null before the first answer. */
  get offsetMs(): number | null {
    return this.best?.offsetMs ?? null;
  }

  /** The offset is right to plus or minus this, ms. */
  get uncertaintyMs(): number | null {
    return this.best ? this.best.roundTripMs / 2 : null;
  }

  /** Server time for a local time, Unix ms; null while the offset is not known. */
  serverNow(localNow: number): number | null {
    const { offsetMs } = this;
    return offsetMs === null ? null : localNow + offsetMs;
  }

  reset(): void {
    this.samples = [];
  }

  private get best() {
    return this.samples.reduce<(typeof this.samples)[number] | null>(
      (best, sample) => (best && best.roundTripMs <= sample.roundTripMs ? best : sample),
      null,
    );
  }
}
