import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import type { Recording } from '@media-analyzer/protocol';
import { describe, expect, it, vi } from 'vitest';
import { Api } from '../shared/api';
import { recordingOf, sessionOf } from '../shared/testing';
import { LastPicture } from './last-picture';
import { LiveStore } from './live-store';

function start(kind: string, change: Partial<Recording> = {}) {
  const recording = vi.fn(async () => recordingOf(change));
  const stage = signal({ kind });
  TestBed.configureTestingModule({
    providers: [
      LastPicture,
      { provide: Api, useValue: { recording } },
      { provide: LiveStore, useValue: { stage, session: signal(sessionOf()) } },
    ],
  });
  return { last: TestBed.inject(LastPicture), recording, stage };
}

describe('the last picture of a session', () => {
  it('stands behind the words that it is over, and goes when the stream is back', async () => {
    const { last, stage } = start('ended');
    await vi.waitFor(() => {
      TestBed.tick();
      expect(last.url()).toBe('/api/streams/stream/sessions/session/picture.jpg');
    });
    stage.set({ kind: 'picture' });
    expect(last.url()).toBeNull();
  });

  it('is not asked for where there is none', async () => {
    const { last, recording } = start('offline', { pictureUrl: null });
    TestBed.tick();
    await vi.waitFor(() => expect(recording).toHaveBeenCalledOnce());
    await recording.mock.results[0]?.value;
    expect(last.url()).toBeNull();
  });

  it('is not looked for while the stream plays', () => {
    const { last, recording } = start('picture');
    TestBed.tick();
    expect(recording).not.toHaveBeenCalled();
    expect(last.url()).toBeNull();
  });
});
