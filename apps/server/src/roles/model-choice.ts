import { CodedError, describeError, type ErrorCode } from '@media-analyzer/protocol';
import { z } from 'zod';
import type { Logger } from '../log.js';

const SETTING = 'detection-model';
const CHOICE = z.object({
  model: z.string(),
  /** `DETECTION_MODEL` as it was when the choice was made. */
  insteadOf: z.string(),
});

/** What the choice is kept in and what it acts on. */
export interface ModelChoiceParts {
  readonly settings: {
    read(name: string, shape: typeof CHOICE): Promise<z.infer<typeof CHOICE> | null>;
    write(name: string, value: z.infer<typeof CHOICE>): Promise<void>;
    remove(name: string): Promise<void>;
  };
  /** `DETECTION_MODEL`. */
  readonly configured: string;
  /** Whether the manifest has a model of this name. */
  isKnown(model: string): boolean;
  readonly log: Logger;
}

/** Reasons that lie with the request: it was answered, and nothing has happened that others must know. */
const NOT_BEGUN: ReadonlySet<ErrorCode> = new Set(['model_unknown', 'model_missing', 'server_stopping']);

/**
 * Which model detects. The last word counts: a choice made while the server ran holds over restarts, until another one is made or
 * `DETECTION_MODEL` is given another value than it had then.
 */
export class ModelChoice {
  private constructor(
    private readonly parts: ModelChoiceParts,
    /** To begin with. */
    readonly model: string,
  ) {}

  /** @throws CodedError `database_unreachable` */
  static async open(parts: ModelChoiceParts): Promise<ModelChoice> {
    const { settings, configured, isKnown, log } = parts;
    const kept = await settings.read(SETTING, CHOICE);
    const holds = kept !== null && kept.insteadOf === configured && isKnown(kept.model);
    if (kept && !holds)
      log.info({ chosen: kept.model, insteadOf: kept.insteadOf, configured }, 'the chosen model is no longer in force');
    return new ModelChoice(parts, holds ? kept.model : configured);
  }

  /**
   * Has another model used from now on, and keeps that.
   *
   * @param wanted null for the configured one
   * @param act changes over, or throws and leaves all as it was
   * @throws CodedError what `act` threw
   */
  async change(
    wanted: string | null,
    act: { use(model: string): Promise<void>; failed(problem: CodedError): void },
  ): Promise<void> {
    const { settings, configured, log } = this.parts;
    const model = wanted ?? configured;
    try {
      await act.use(model);
    } catch (error) {
      if (error instanceof CodedError && !NOT_BEGUN.has(error.code)) act.failed(error);
      throw error;
    }
    // It is in use, whatever becomes of the note of it.
    await (model === configured
      ? settings.remove(SETTING)
      : settings.write(SETTING, { model, insteadOf: configured })
    ).catch((error: unknown) =>
      log.error({ model, problem: describeError(error) }, 'the chosen model will not outlive a restart'),
    );
  }
}
