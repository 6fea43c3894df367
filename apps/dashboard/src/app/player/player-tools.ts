import { LiveAnnouncer } from '@angular/cdk/a11y';
import { Clipboard } from '@angular/cdk/clipboard';
import { Location } from '@angular/common';
import { Injectable, inject, signal } from '@angular/core';
import { MatSnackBar } from '@angular/material/snack-bar';
import { momentPath } from '../recordings/moment';
import { LiveStore } from './live-store';
import type { PlaybackController } from './playback-controller';
import { PresenceStore } from './presence-store';
import type { PlayerCommand } from './shortcuts';
import { saveFile, snapshotName, takeSnapshot } from './snapshot';

/** Speeds on offer. */
export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 1.5, 2, 4, 8];
/** A time that was rounded means the frame that begins within it, seconds. */
const WITHIN_FRAME = 0.001;
/** A drawn frame no further than this from the time that the element tells is the one that is seen, ms. */
const LATE_FRAME_MS = 150;

type ToolCommand = Extract<
  PlayerCommand,
  { kind: 'snapshot' | 'copy-link' | 'toggle-pip' | 'step' | 'speed' | 'appearance' }
>;

/** What can be done with the picture beside playing it; provided with the page's store. */
@Injectable()
export class PlayerTools {
  private readonly store = inject(LiveStore);
  private readonly presence = inject(PresenceStore);
  private readonly clipboard = inject(Clipboard);
  private readonly announcer = inject(LiveAnnouncer);
  private readonly snackBar = inject(MatSnackBar);
  private readonly location = inject(Location);
  /** Snapshots have the boxes on them. */
  readonly boxesOnSnapshots = signal(true);
  /** PTS that a step asked for, until it is shown: fast steps count from there. */
  private steppingTo: number | null = null;

  run(command: ToolCommand, video: HTMLVideoElement, playback: PlaybackController): void {
    switch (command.kind) {
      case 'snapshot':
        void this.snapshot(video);
        break;
      case 'copy-link':
        this.copyLink();
        break;
      case 'toggle-pip':
        void this.togglePip(video);
        break;
      case 'step':
        this.step(command.direction, video, playback);
        break;
      case 'speed':
        this.changeSpeed(command.direction, playback);
        break;
      case 'appearance':
        this.goToAppearance(command.direction);
        break;
      default:
        command satisfies never;
    }
  }

  /** Keeps the address of a recording at what is shown, so that a reload comes back to it. */
  keepAddress(video: HTMLVideoElement): void {
    const recording = this.store.recording();
    const clock = this.store.clock();
    const read = clock?.read(video.currentTime)?.ptsMs;
    if (!recording || !clock || read === undefined) return;
    const at = { streamId: recording.streamId, sessionId: recording.id };
    // The viewer is on their way to another page already: the picture that still stands is not what that address is for.
    if (!this.location.path().startsWith(momentPath(at))) return;
    // The frame that is seen: a browser that is late stands still at an older one than the time says.
    const drawn = this.store.lastDraw?.ptsMs ?? null;
    const seen = drawn !== null && Math.abs(drawn - read) < LATE_FRAME_MS ? drawn : null;
    const ptsMs = seen ?? clock.frames.neighbour(read + 2, -1) ?? read;
    this.location.replaceState(momentPath({ ...at, ptsMs }));
  }

  private async snapshot(video: HTMLVideoElement): Promise<void> {
    const ptsMs = this.store.lastDraw?.ptsMs ?? null;
    const overlay = this.boxesOnSnapshots() && ptsMs !== null ? this.store.timeline.at(ptsMs) : null;
    try {
      const blob = await takeSnapshot({ video, overlay, settings: this.store.overlay() });
      const at = (this.store.session()?.epochAt ?? 0) + (ptsMs ?? 0);
      saveFile(blob, snapshotName(this.store.stream()?.name ?? '', at));
    } catch {
      this.snackBar.open($localize`The picture cannot be saved`, undefined, { duration: 4000 });
    }
  }

  private copyLink(): void {
    const session = this.store.session();
    const ptsMs = this.store.lastDraw?.ptsMs;
    if (!session || ptsMs === undefined || ptsMs === null) return;
    const path = momentPath({ streamId: session.streamId, sessionId: session.id, ptsMs });
    const copied = this.clipboard.copy(new URL(path, document.baseURI).href);
    this.snackBar.open(
      copied ? $localize`A link to this moment is copied` : $localize`The link could not be copied`,
      undefined,
      { duration: 3000 },
    );
  }

  private async togglePip(video: HTMLVideoElement): Promise<void> {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await video.requestPictureInPicture();
    } catch {
      this.snackBar.open($localize`This browser shows no picture in picture here`, undefined, { duration: 4000 });
    }
  }

  private step(direction: 1 | -1, video: HTMLVideoElement, playback: PlaybackController): void {
    if (!video.paused) playback.pause();
    const clock = this.store.clock();
    const from = (video.seeking ? this.steppingTo : null) ?? this.store.lastDraw?.ptsMs ?? null;
    const next = clock && from !== null ? clock.frames.neighbour(from, direction) : null;
    const time = next === null ? null : (clock?.mediaTimeOf(next) ?? null);
    if (time === null) {
      void this.announcer.announce($localize`There is no further frame here`);
      return;
    }
    this.steppingTo = next;
    playback.seek(time + WITHIN_FRAME);
  }

  private changeSpeed(direction: 1 | -1, playback: PlaybackController): void {
    const at = SPEEDS.indexOf(playback.rate());
    const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 2 : at) + direction))]!;
    playback.setRate(speed);
    void this.announcer.announce($localize`Speed ${speed}:speed:`);
  }

  private goToAppearance(direction: 1 | -1): void {
    const from = this.store.lastDraw?.ptsMs ?? null;
    const ptsMs = from === null ? null : this.presence.appearanceFrom(from, direction);
    if (ptsMs === null || !this.store.seekToPts(ptsMs))
      void this.announcer.announce($localize`There is no further appearance here`);
  }
}
