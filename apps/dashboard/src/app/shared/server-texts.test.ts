import { CodedError, ERRORS, isErrorCode } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { problemText, warningText } from './server-texts';

describe('what the server says', () => {
  it('is told in own words by its code, with its values', () => {
    const { code, message, details } = new CodedError('model_missing', { model: 'yolox-nano' });
    expect(problemText({ code, message, details })).toBe('The model “yolox-nano” is not on this machine yet.');
  });

  it('stands as it is where there are no own words, or a value of theirs is not known', () => {
    const refused = new CodedError('origin_refused', { origin: 'https://a.example' });
    expect(problemText(refused)).toBe(refused.message);
    const { code, message } = new CodedError('storage_full', { path: '/data' });
    expect(problemText({ code, message })).toBe(message);
  });

  it('never has a hole when all values come', () => {
    for (const [code, { message }] of Object.entries(ERRORS)) {
      if (!isErrorCode(code)) continue;
      const names = [...message.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const error = new CodedError(code, Object.fromEntries(names.map((name) => [name, `<${name}>`])));
      expect(problemText(error)).not.toMatch(/undefined|[{}]/);
    }
  });

  it('is told to viewers without the names of settings and processes', () => {
    const message = 'A lower ANALYSIS_RATE or a smaller model relieves this machine.';
    expect(warningText({ code: 'analysis_behind', message })).not.toMatch(/[A-Z]{3}|process|codec/);
  });
});
