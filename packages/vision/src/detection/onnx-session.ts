import * as ort from 'onnxruntime-node';

/** A named tensor of a model: a dimension is null where the model leaves it open. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | null)[];
}

/** Where and how wide a model runs. */
export interface OnnxOptions {
  readonly executionProvider: string;
  readonly threads: number;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, ort.Tensor>>;

/** An ONNX model in the runtime: named tensors in, named tensors out, no meaning. */
export class OnnxSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];

  private constructor(private readonly session: ort.InferenceSession) {
    this.inputs = session.inputMetadata.map(tensorInfo);
    this.outputs = session.outputMetadata.map(tensorInfo);
  }

  /** @throws Error of the runtime: the file is no model, or the execution provider is not there. */
  static async open(path: string, options: OnnxOptions): Promise<OnnxSession> {
    const session = await ort.InferenceSession.create(path, {
      executionProviders: [options.executionProvider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Errors only: the runtime's warnings go to stderr past our log.
      logSeverityLevel: 3,
      // Spinning workers cost 0.58 instead of 0.14 cores at ten inferences a second with two threads, for no latency gained.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    return new OnnxSession(session);
  }

  /**
   * Runs the model. The runtime's Node binding computes on the calling thread: it returns when the result is there, so
   * whoever must stay responsive calls this in a worker.
   */
  async run(inputs: Tensors): Promise<Tensors> {
    const outputs = await this.session.run(inputs);
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, value] of Object.entries(outputs)) if (value instanceof ort.Tensor) tensors[name] = value;
    return tensors;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

function tensorInfo(meta: ort.InferenceSession.ValueMetadata): TensorInfo {
  if (!meta.isTensor) return { name: meta.name, type: 'not a tensor', shape: [] };
  return {
    name: meta.name,
    type: meta.type,
    shape: meta.shape.map((side) => (typeof side === 'number' ? side : null)),
  };
}
