import { signal } from '@angular/core';
import type { Recording, Stream } from '@media-analyzer/protocol';

/** Where a viewer stays: the session as a recording, and the PTS of the frame that they see, ms. */
export interface Stay {
  readonly recording: Recording;
  readonly ptsMs: number;
}

/** What has to be known to find out whether a viewer can stay. */
export interface StayOptions {
  recording(streamId: string, sessionId: string): Promise<Recording>;
  /** PTS of the frame on the screen, ms; null while there is none. */
  shownPtsMs(): number | null;
}

/**
 * When another session begins, it takes the place of the one before for those at its live edge, or at its end. Whoever has
 * paused or is in the past stays in theirs, as in a recording, for as long as that is stored.
 */
export class StayInSession {
  /** The viewer is at a place of their own, with more to see behind it, and not at the live edge; the player knows. */
  keepsPlace: () => boolean = () => false;
  /** Counts how often another session was asked for, or what is on air: whoever asks wants to see it play. */
  readonly visits = signal(0);
  /** The session in which the viewer stayed, until they ask for another one. */
  sessionId: string | null = null;
  /** What is told of the stream while it is found out whether the viewer can stay. */
  private arriving: Stream | null = null;

  constructor(private readonly options: StayOptions) {}

  /** The viewer asks for another session than before, or for what is on air. */
  asked(): void {
    this.visits.update((count) => count + 1);
    this.sessionId = null;
  }

  /**
   * The server tells of the stream while this session is watched.
   * @param then called at once, or when it is known whether the viewer stays
   */
  takes(stream: Stream, sessionId: string | null, then: (stream: Stream, stay: Stay | null) => void): void {
    if (this.arriving?.id === stream.id) {
      this.arriving = stream;
      return;
    }
    if (sessionId === null || stream.session?.id === sessionId || !this.keepsPlace()) {
      then(stream, null);
      return;
    }
    this.arriving = stream;
    void this.find(stream.id, sessionId).then((stay) => {
      // The page may show another stream by now: what was found of this one is no news there.
      const newest = this.arriving;
      if (newest?.id !== stream.id) return;
      this.arriving = null;
      this.sessionId = stay && sessionId;
      then(newest, stay);
    });
  }

  private async find(streamId: string, sessionId: string): Promise<Stay | null> {
    const recording = await this.options.recording(streamId, sessionId).catch(() => null);
    const ptsMs = this.options.shownPtsMs();
    return recording && recording.mediaFromMs !== null && ptsMs !== null ? { recording, ptsMs } : null;
  }
}
