import { parentPort, workerData } from 'node:worker_threads';
import { CodedError } from '@media-analyzer/protocol';
import { createDetector } from '../detection/index.js';
import type { DetectRequest, InferenceReply, InferenceTask } from './inference-messages.js';

/**
 * Entry of the worker thread that owns the model. onnxruntime's Node binding computes on the thread that calls it; here that
 * thread has nothing else to do, while the main thread goes on reading frames and answering pings. What is thrown here ends
 * the worker, and with it the process.
 */
const port = parentPort;
if (!port) throw new Error('this file is started as a worker thread');
const reply = (message: InferenceReply): void => port.postMessage(message);
const { model, options } = workerData as InferenceTask;

const startedAt = performance.now();
try {
  const detector = await createDetector(model, options);
  const { input, executionProvider, batch } = detector;
  port.on('message', async (request: DetectRequest) => {
    const from = performance.now();
    const detections = await detector.detect(request.frames);
    reply({ type: 'detected', detections, inferenceMs: performance.now() - from });
  });
  reply({
    type: 'loaded',
    model: detector.model,
    input,
    executionProvider,
    batch,
    loadMs: performance.now() - startedAt,
  });
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  reply({ type: 'refused', code: error.code, details: error.details });
}
