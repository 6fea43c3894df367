import { DOCUMENT, Injectable, inject, signal } from '@angular/core';
import { MatSnackBar } from '@angular/material/snack-bar';
import { Router } from '@angular/router';
import type { Stream } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { Confirm } from '../shared/confirm-dialog';
import { Live } from '../shared/live';
import { isOnAir } from '../shared/stream-state';

/** Changes to streams that are asked about first, and that say how they went. */
@Injectable({ providedIn: 'root' })
export class StreamActions {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly confirm = inject(Confirm);
  private readonly snackBar = inject(MatSnackBar);
  private readonly router = inject(Router);
  private readonly document = inject(DOCUMENT);
  private readonly leaving = signal<string | null>(null);
  /** The stream that is being deleted from here: its page is about to be left and need not say that it is gone. */
  readonly removing = this.leaving.asReadonly();

  /** @returns the stream with its new key, or null when it was not changed */
  async rotateKey(stream: Stream): Promise<Stream | null> {
    const { name } = this.current(stream);
    const sure = await this.confirm.ask({
      title: $localize`Make a new stream key?`,
      text: $localize`The old key of “${name}:name:” stops working at once. Encoders need the new one to publish again.`,
      warning: this.isOnAir(stream)
        ? $localize`It is on air: its encoder is cut off now. Viewers wait until an encoder sends with the new key.`
        : null,
      confirm: $localize`Make new key`,
    });
    if (!sure) return null;
    return this.attempt(async () => {
      const changed = await this.api.rotateKey(stream.id);
      this.live.putStream(changed);
      this.say($localize`The stream has a new key`);
      return changed;
    });
  }

  /** Deletes the stream; whoever was on its page comes to the list. @returns whether the stream is gone */
  async remove(stream: Stream): Promise<boolean> {
    const { name } = this.current(stream);
    const sure = await this.confirm.ask({
      title: $localize`Delete “${name}:name:”?`,
      text: $localize`Its recordings and results are deleted too. This cannot be undone.`,
      warning: this.isOnAir(stream)
        ? $localize`It is on air: its encoder is cut off, and everyone who is watching loses the picture.`
        : null,
      confirm: $localize`Delete stream`,
      danger: true,
    });
    if (!sure) return false;
    this.leaving.set(stream.id);
    const done = await this.attempt(async () => {
      await this.api.deleteStream(stream.id);
      await this.leave(stream.id);
      this.live.removeStream(stream.id);
      this.say($localize`“${name}:name:” is deleted`);
      return true;
    });
    this.leaving.set(null);
    return done === true;
  }

  private async leave(streamId: string): Promise<void> {
    if (this.router.url.startsWith(`/streams/${streamId}`)) await this.router.navigate(['/streams']);
    // What had the focus is gone with the stream.
    this.document.getElementById('main')?.focus({ preventScroll: true });
  }

  private current(stream: Stream): Stream {
    return this.live.streams()?.find(({ id }) => id === stream.id) ?? stream;
  }

  private isOnAir(stream: Stream): boolean {
    return isOnAir(this.current(stream));
  }

  private async attempt<T>(run: () => Promise<T>): Promise<T | null> {
    try {
      return await run();
    } catch (error) {
      this.say(errorText(error), 10_000);
      return null;
    }
  }

  private say(text: string, duration = 4000): void {
    this.snackBar.open(text, duration > 5000 ? $localize`Close` : undefined, { duration });
  }
}
