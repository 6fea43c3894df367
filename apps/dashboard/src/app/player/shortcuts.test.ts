import { describe, expect, it } from 'vitest';
import { commandOf } from './shortcuts';

const press = (key: string, more: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

describe('the player shortcuts', () => {
  it('play, mute, seek, go live and full screen', () => {
    expect(commandOf(press(' '), 'other')).toEqual({ kind: 'toggle-play' });
    expect(commandOf(press('K'), 'button')).toEqual({ kind: 'toggle-play' });
    expect(commandOf(press('m'), 'other')).toEqual({ kind: 'toggle-mute' });
    expect(commandOf(press('f'), 'other')).toEqual({ kind: 'toggle-fullscreen' });
    expect(commandOf(press('l'), 'other')).toEqual({ kind: 'go-live' });
    expect(commandOf(press('ArrowLeft'), 'other')).toEqual({ kind: 'seek', seconds: -5 });
    expect(commandOf(press('?'), 'other')).toEqual({ kind: 'help' });
  });

  it('leave keys to what has the focus', () => {
    expect(commandOf(press('k'), 'text')).toBeNull();
    expect(commandOf(press(' '), 'button')).toBeNull();
    expect(commandOf(press('ArrowRight'), 'slider')).toBeNull();
  });

  it('leave combinations to the browser', () => {
    expect(commandOf(press('f', { ctrlKey: true }), 'other')).toBeNull();
    expect(commandOf(press('l', { metaKey: true }), 'other')).toBeNull();
  });
});
