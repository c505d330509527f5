import type { Classifier } from '@advrob/core';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { ExportClassifierOptions } from '../onnx/export.js';

/**
 * Writes a classifier as an ONNX file, as `exportClassifier` of `@advrob/models/onnx` does. Where
 * `@advrob/backend-onnxruntime` is installed the file is run in ONNX Runtime and compared, before it
 * is put in its place.
 *
 * @returns Its size in bytes, and whether ONNX Runtime has run it.
 * @throws AdvrobError as `exportClassifier`.
 * @example
 * ```ts
 * await saveOnnxFile('model.onnx', model);
 * ```
 */
export async function saveOnnxFile(
  path: string,
  model: Classifier,
  options: ExportClassifierOptions = {},
): Promise<{ readonly bytes: number; readonly isCompared: boolean }> {
  const { checkAgreement, examplesFor, exportClassifier } = await import('../onnx/export.js');
  const tf = await import('@tensorflow/tfjs-core');
  const bytes = await exportClassifier(model, options);
  const runtime = await import('@advrob/backend-onnxruntime/session').catch(() => undefined);
  if (runtime) {
    const { layout = 'NCHW', outputs = 'logits' } = options;
    const session = runtime.createSession(bytes);
    const [fed, wanted] = tf.tidy(() => {
      const x = examplesFor(model);
      const scores = model.logits(x);
      const isTurned = model.inputShape.length === 3 && layout === 'NCHW';
      return [isTurned ? tf.transpose(x, [0, 3, 1, 2]) : x, outputs === 'logits' ? scores : tf.softmax(scores)];
    });
    try {
      const feed = { type: 'float32', dims: fed.shape, data: (await fed.data()) as Float32Array } as const;
      const found = session.run({ input: feed }, [outputs])[outputs]!;
      checkAgreement('ONNX Runtime', found.data as Float32Array, (await wanted.data()) as Float32Array);
    } finally {
      tf.dispose([fed, wanted]);
      session.dispose();
    }
  }
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return { bytes: bytes.length, isCompared: runtime !== undefined };
}
