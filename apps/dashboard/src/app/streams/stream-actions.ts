import { Injectable, inject } from '@angular/core';
import { MatSnackBar } from '@angular/material/snack-bar';
import type { Stream } from '@media-analyzer/protocol';
import { Api, errorText } from '../shared/api';
import { Confirm } from '../shared/confirm-dialog';
import { Live } from '../shared/live';

/** Changes to streams that are asked about first, and that say how they went. */
@Injectable({ providedIn: 'root' })
export class StreamActions {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly confirm = inject(Confirm);
  private readonly snackBar = inject(MatSnackBar);

  /** @returns the stream with its new key, or null when it was not changed */
  async rotateKey(stream: Stream): Promise<Stream | null> {
    const sure = await this.confirm.ask({
      title: 'Make a new stream key?',
      text: `The old key of “${stream.name}” stops working at once. Encoders need the new one to publish again.`,
      confirm: 'Make new key',
    });
    if (!sure) return null;
    return this.attempt(async () => {
      const changed = await this.api.rotateKey(stream.id);
      this.live.putStream(changed);
      this.say('The stream has a new key');
      return changed;
    });
  }

  /** @returns whether the stream is gone */
  async remove(stream: Stream): Promise<boolean> {
    const sure = await this.confirm.ask({
      title: `Delete “${stream.name}”?`,
      text: 'Its recordings and results are deleted too. This cannot be undone.',
      confirm: 'Delete stream',
      danger: true,
    });
    if (!sure) return false;
    const done = await this.attempt(async () => {
      await this.api.deleteStream(stream.id);
      this.live.removeStream(stream.id);
      this.say('The stream is deleted');
      return true;
    });
    return done === true;
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
    this.snackBar.open(text, duration > 5000 ? 'Close' : undefined, { duration });
  }
}
