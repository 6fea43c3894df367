import { ChangeDetectionStrategy, Component, computed, effect, inject, input, untracked } from '@angular/core';
import { MatSnackBar } from '@angular/material/snack-bar';
import { RouterLink } from '@angular/router';
import type { Recording } from '@media-analyzer/protocol';
import { ViewerChoice } from '../overlay/viewer-choice';
import { Api, errorText } from '../shared/api';
import { ClockTime } from '../shared/clock-time';
import { Confirm } from '../shared/confirm-dialog';
import { formatBytes, formatClock } from '../shared/format';
import { Icon } from '../shared/icon';
import { ProblemNote } from '../shared/problem-note';
import { Ticker } from '../shared/ticker';
import { When, ZoneSwitch } from '../shared/when';
import { RecordingPicture } from './recording-picture';
import { byDay, mediaEndAt, RecordingsStore, watchableMs } from './recordings-store';

/** Classes named in a row; the others are counted. */
const NAMED_CLASSES = 4;
/** What is on air is asked for again this often: it grows, and so does what was seen in it, ms. */
const REFRESH_MS = 10_000;

/** What was on air on a stream, by day: to watch, to download, to delete. */
@Component({
  selector: 'ma-recordings',
  imports: [RouterLink, Icon, ProblemNote, When, ZoneSwitch, RecordingPicture],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './recordings-list.html',
  styleUrl: './recordings-list.scss',
})
export class RecordingsList {
  readonly streamId = input.required<string>();
  /** The session that is being watched. */
  readonly current = input<string | null>(null);
  /** Changes when sessions of the stream come or end: the list is asked for anew. */
  readonly version = input<string>('');
  private readonly api = inject(Api);
  private readonly confirm = inject(Confirm);
  private readonly snackBar = inject(MatSnackBar);
  private readonly time = inject(ClockTime);
  private readonly choice = inject(ViewerChoice);
  private readonly ticker = inject(Ticker);

  protected readonly store = computed(() => new RecordingsStore(this.api, this.streamId(), this.choice.settledFilter));
  private readonly refreshRound = computed(() => Math.floor(this.ticker.now() / REFRESH_MS));
  protected readonly days = computed(() => byDay(this.store().recordings(), this.time.zone()));
  protected readonly filtered = this.choice.filtered;
  protected readonly errorText = errorText;
  protected readonly bytes = formatBytes;
  protected readonly clock = formatClock;
  protected readonly mediaEndAt = mediaEndAt;
  protected readonly watchableMs = watchableMs;

  constructor() {
    effect(() => {
      const store = this.store();
      this.version();
      this.choice.settledFilter();
      untracked(() => void store.load());
    });
    effect(() => {
      this.refreshRound();
      untracked(() => void this.store().refresh());
    });
  }

  protected named(recording: Recording) {
    return recording.classes.slice(0, NAMED_CLASSES);
  }

  protected unnamed(recording: Recording): string {
    return recording.classes
      .slice(NAMED_CLASSES)
      .map(({ label }) => label)
      .join(', ');
  }

  protected label(recording: Recording): string {
    return this.time.format(recording.startedAt, 'full');
  }

  protected readonly onAirText = $localize`It is on air; it can be deleted when it has ended`;
  protected readonly deleteText = $localize`Delete`;

  /** The files that it is downloaded as: where size or codec changed in it, the next one begins. */
  protected parts(recording: Recording): number[] {
    return recording.mediaFromMs === null ? [] : Array.from({ length: recording.parts }, (_, index) => index + 1);
  }

  protected downloadLabel(recording: Recording, part: number): string {
    return recording.parts > 1
      ? $localize`Download part ${part}:number: of the recording of ${this.label(recording)}:time: as MP4`
      : $localize`Download the recording of ${this.label(recording)}:time: as MP4`;
  }

  protected deleteLabel(recording: Recording): string {
    return $localize`Delete the recording of ${this.label(recording)}:time:`;
  }

  protected async remove(recording: Recording): Promise<void> {
    const from = this.label(recording);
    const sure = await this.confirm.ask({
      title: $localize`Delete the recording of ${from}:time:?`,
      text: $localize`Its media and results are deleted. This cannot be undone.`,
      confirm: $localize`Delete recording`,
      danger: true,
    });
    if (!sure) return;
    try {
      await this.store().remove(recording.id);
      this.snackBar.open($localize`The recording is deleted`, undefined, { duration: 4000 });
    } catch (error) {
      this.snackBar.open(errorText(error), $localize`Close`, { duration: 10_000 });
    }
  }
}
