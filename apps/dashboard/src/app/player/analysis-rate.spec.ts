import { describe, expect, it } from 'vitest';
import { analysisRateText } from './analysis-rate';

describe('the analysis rate in words', () => {
  it('is one number while the machine keeps up', () => {
    expect(analysisRateText({ wanted: 10, inForce: 10 })).toMatchObject({ text: '10/s', reduced: false });
  });

  it('says what was wanted, what is in force, and why, while it does not', () => {
    expect(analysisRateText({ wanted: 10, inForce: 5 })).toEqual({
      ...{ text: '10/s wanted, 5/s now', more: 'this machine is busy', reduced: true },
    });
  });

  it('is not there where nothing is analysed', () => {
    expect(analysisRateText(undefined)).toBeNull();
    expect(analysisRateText({ wanted: 0, inForce: 0 })).toBeNull();
  });
});
