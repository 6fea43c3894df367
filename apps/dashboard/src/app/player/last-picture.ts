import { computed, effect, Injectable, inject, signal, untracked } from '@angular/core';
import { Api } from '../shared/api';
import { LiveStore } from './live-store';

/** The last picture of a session that is over or waits, where the server says that there is one. */
@Injectable()
export class LastPicture {
  private readonly api = inject(Api);
  private readonly store = inject(LiveStore);
  private readonly found = signal<{ readonly sessionId: string; readonly url: string } | null>(null);
  /** The session whose last picture belongs behind what is said, if any: a string, so that events of it ask nothing again. */
  private readonly wanted = computed(() => {
    const kind = this.store.stage()?.kind;
    const session = this.store.session();
    return session?.video && (kind === 'ended' || kind === 'offline') ? session.id : null;
  });
  /** Path of the picture; null where none is wanted or there is none. */
  readonly url = computed(() => {
    const found = this.found();
    return found !== null && found.sessionId === this.wanted() ? found.url : null;
  });

  constructor() {
    effect(() => {
      const sessionId = this.wanted();
      const streamId = untracked(() => this.store.session()?.streamId);
      if (sessionId !== null && streamId !== undefined) void this.find(streamId, sessionId);
    });
  }

  private async find(streamId: string, sessionId: string): Promise<void> {
    try {
      const { pictureUrl } = await this.api.recording(streamId, sessionId);
      if (pictureUrl !== null) this.found.set({ sessionId, url: pictureUrl });
    } catch {
      // The words stand without a picture; the page says what is wrong with the server.
    }
  }
}
