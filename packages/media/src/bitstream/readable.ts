import { CodedError } from '@media-analyzer/protocol';

/** What is read, or null when it cannot be. @param otherwise is told why */
export function readable<T>(read: () => T, otherwise: (error: CodedError) => void = () => {}): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    otherwise(error);
    return null;
  }
}
