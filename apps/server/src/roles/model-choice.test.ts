import { CodedError } from '@media-analyzer/protocol';
import { expect, it, vi } from 'vitest';
import { silentLog } from '../log.js';
import { ModelChoice, type ModelChoiceParts } from './model-choice.js';

/** A database with one row, and a server that was started with `DETECTION_MODEL`. */
function scene() {
  let kept: { model: string; insteadOf: string } | null = null;
  const open = (configured: string, change: Partial<ModelChoiceParts> = {}) =>
    ModelChoice.open({
      settings: {
        read: async () => kept,
        write: async (_name, value) => {
          kept = value;
        },
        remove: async () => {
          kept = null;
        },
      },
      configured,
      isKnown: (model) => model !== 'unknown',
      log: silentLog,
      ...change,
    });
  return { open, kept: () => kept };
}
const works = { use: async () => {}, failed: () => {} };

it('is the configured one, until another one is chosen: that holds over restarts', async () => {
  const { open } = scene();
  const choice = await open('small');
  expect(choice.model).toBe('small');
  await choice.change('large', works);
  expect((await open('small')).model).toBe('large');
});

it('gives way to the configuration when that is changed, or chosen again', async () => {
  const { open, kept } = scene();
  await (await open('small')).change('large', works);
  expect((await open('tiny')).model).toBe('tiny');
  await (await open('small')).change(null, works);
  expect(kept()).toBeNull();
  expect((await open('small')).model).toBe('small');
});

it('does not hold when this version does not know the model any more', async () => {
  const { open } = scene();
  await (await open('small')).change('unknown', works);
  expect((await open('small')).model).toBe('small');
});

it('is not kept when the change fails, which others are told of unless the request was at fault', async () => {
  const { open, kept } = scene();
  const choice = await open('small');
  const failed = vi.fn();
  for (const code of ['model_switch_failed', 'model_missing'] as const) {
    const use = () => Promise.reject(new CodedError(code, {}));
    await expect(choice.change('large', { use, failed })).rejects.toMatchObject({ code });
  }
  expect(failed.mock.calls.map(([problem]) => problem.code)).toEqual(['model_switch_failed']);
  expect(kept()).toBeNull();
});
