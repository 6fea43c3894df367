import { Location } from '@angular/common';
import { provideLocationMocks } from '@angular/common/testing';
import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { describe, expect, it } from 'vitest';
import { recordingOf } from '../shared/testing';
import { LiveStore } from './live-store';
import { PlayerTools } from './player-tools';
import { PresenceStore } from './presence-store';

/** Tools of a page at this address that shows a recording. */
function at(path: string) {
  const clock = { read: (time: number) => ({ ptsMs: time * 1000 }), frames: { neighbour: () => null } };
  TestBed.configureTestingModule({
    providers: [
      PlayerTools,
      provideLocationMocks(),
      { provide: LiveStore, useValue: { recording: signal(recordingOf()), clock: signal(clock), lastDraw: null } },
      { provide: PresenceStore, useValue: {} },
    ],
  });
  const location = TestBed.inject(Location);
  location.go(path);
  return { tools: TestBed.inject(PlayerTools), location };
}

describe('the address of a recording', () => {
  const video = { currentTime: 6.007 } as HTMLVideoElement;

  it('is kept at the picture that stands', () => {
    const { tools, location } = at('/streams/stream/sessions/session?t=2');
    tools.keepAddress(video);
    expect(location.path()).toBe('/streams/stream/sessions/session?t=6.007');
  });

  it('is left when the viewer leaves it, although its last picture still stands', () => {
    const { tools, location } = at('/streams/stream');
    tools.keepAddress(video);
    expect(location.path()).toBe('/streams/stream');
  });
});
