import type { StreamHealth } from '@media-analyzer/protocol';
import { formatRate } from '../shared/format';

/** How often frames are picked for analysis, in words; null where the server does not say. */
export function analysisRateText(rate: StreamHealth['rate']): { text: string; more: string; reduced: boolean } | null {
  if (!rate || rate.wanted === 0) return null;
  const wanted = formatRate(rate.wanted);
  const inForce = formatRate(rate.inForce);
  if (rate.inForce >= rate.wanted) return { text: $localize`${wanted}:rate:/s`, more: '', reduced: false };
  return {
    text: $localize`${wanted}:rate:/s wanted, ${inForce}:rate in force:/s now`,
    more: $localize`this machine is busy`,
    reduced: true,
  };
}
