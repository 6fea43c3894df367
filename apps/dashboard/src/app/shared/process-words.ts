import type { ProcessState } from '@media-analyzer/protocol';

/** States of a process of the server, as a person reads them. */
export const PROCESS_WORDS: Readonly<Record<ProcessState, () => string>> = {
  stopped: () => $localize`:a process|:Stopped`,
  starting: () => $localize`:a process|:Starting`,
  running: () => $localize`:a process|:Running`,
  restarting: () => $localize`:a process|:Restarting`,
  failed: () => $localize`:a process|:Failed`,
};
