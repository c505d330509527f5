import { GraphBuilder } from '../onnx/builder.js';
import { encodeModel } from '../onnx/model.js';
import type { NativeSession, Runtime, RuntimeTensor } from './binding.js';

/*
 * The native session writes results into the arrays it is given, and then copies each into a new one that it returns: for the
 * weights of a training step, as many bytes again as they have, cleared, copied and left to the garbage collector. It converts results in their order, and
 * refuses those that are no tensors. So a graph of large results gets a list as its first, and the refusal ends the call with everything computed.
 */

/** Bytes of results from which on a refusal costs less than the copies. */
const enoughBytes = 64 * 1024;

/** Whether results of so many bytes are better not copied. */
export function isWorthRefusing(bytes: number): boolean {
  return bytes >= enoughBytes;
}

/**
 * What this native session says when a result is a list, if it computes the others then; null when
 * it does not, and results have to be copied. The known answer is the negative of some numbers.
 */
export function probeRefusal(runtime: Runtime): string | null {
  const graph = new GraphBuilder();
  const refused = graph.refusedOutput();
  const x = graph.input('float32', [3]);
  const result = graph.output(graph.emit('Neg', [x]), 'float32', [3]);
  const model = encodeModel(graph.finish());
  const written = new Float32Array(3);
  let message: string | null = null;
  const session = runtime.createSession();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const feeds = { [x]: runtime.tensor('float32', Float32Array.of(1, 2, 3), [3]) };
    session.run(feeds, { [refused]: null, [result]: runtime.tensor('float32', written, [3]) }, {});
  } catch (cause) {
    if (cause instanceof Error && written.join() === '-1,-2,-3') message = cause.message;
  }
  session.dispose();
  return message;
}

/**
 * Runs a session whose results all have arrays in `fetches`; `refused` names the one that ends the
 * call.
 */
export function runInto(
  session: NativeSession,
  feeds: Record<string, RuntimeTensor>,
  fetches: Record<string, RuntimeTensor | null>,
  refused: string | null,
  refusal: string | null,
): void {
  if (refused === null) {
    session.run(feeds, fetches, {});
    return;
  }
  try {
    session.run(feeds, { ...fetches, [refused]: null }, {});
  } catch (cause) {
    if (!(cause instanceof Error) || cause.message !== refusal) throw cause;
  }
}
