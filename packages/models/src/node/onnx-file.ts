import { AdvrobError } from '@advrob/core';
import type { ExternalData, OnnxModel, unsupportedNodes } from '@advrob/onnx';
import { closeSync, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { FromOnnxOptions, OnnxClassifier } from '../onnx/classifier.js';
import { readLimited } from './files.js';

export interface LoadOnnxFileOptions extends FromOnnxOptions {
  /**
   * Runs the file in ONNX Runtime, without gradients, whatever it is made of. Attacks that need
   * gradients are refused. Default false.
   */
  readonly blackBox?: boolean | undefined;
  /**
   * Whether the import is compared with ONNX Runtime on a few inputs, where
   * `@advrob/backend-onnxruntime` is installed. Default true.
   */
  readonly compare?: boolean | undefined;
  /** Most bytes of the file and of the data beside it, each. Default 4 GiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Loads an ONNX file as a classifier, with data beside it. Unless told otherwise the import is
 * compared with ONNX Runtime: a mistake of ours ends in an error, not in a wrong robustness.
 *
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, `ADVROB_ONNX_FILE`,
 *   `ADVROB_ONNX_EXTERNAL` for data outside of the file's folder, `ADVROB_ONNX_MISMATCH` naming
 *   the first node that differs, and those of `fromOnnx`.
 * @example
 * ```ts
 * const model = await loadOnnxFile('resnet.onnx', { bounds: [0, 1] });
 * ```
 */
export async function loadOnnxFile(path: string, options: LoadOnnxFileOptions): Promise<OnnxClassifier> {
  const { blackBox = false, compare = true, maxBytes, ...rest } = options;
  const who = basename(path);
  const { model } = await openOnnxModel(path, maxBytes);
  const { onnxClassifier } = await import('../onnx/classifier.js');
  const { blackBoxOf, judgeOf } = await import('../onnx/runtime.js');
  const runtime =
    blackBox || compare ? await import('@advrob/backend-onnxruntime/session').catch(() => undefined) : undefined;
  const bytesOf = (): Promise<Uint8Array> => readLimited(path, maxBytes ?? 4 * 1024 ** 3);
  if (!blackBox) {
    const judge = runtime && judgeOf(path, who, model, runtime.createSession, bytesOf);
    return onnxClassifier(who, model, rest, { judge });
  }
  if (!runtime)
    throw new AdvrobError(
      'ADVROB_MODEL_FILE',
      `${who}: a black box needs a package: npm install @advrob/backend-onnxruntime`,
    );
  return onnxClassifier(who, model, rest, {
    blackBox: await blackBoxOf(path, who, model, runtime.createSession, rest.output, bytesOf),
  });
}

/**
 * Reads an ONNX file with data beside it, and what of it cannot be differentiated.
 *
 * @throws AdvrobError as `loadOnnxFile`.
 */
export async function openOnnxModel(
  path: string,
  maxBytes = 4 * 1024 ** 3,
): Promise<{ model: OnnxModel; unsupportedIn: typeof unsupportedNodes; isQuantized: boolean }> {
  const who = basename(path);
  const bytes = await readLimited(path, maxBytes);
  const onnx = await import('@advrob/onnx').catch((cause: unknown) => {
    throw new AdvrobError('ADVROB_MODEL_FILE', `${who}: an ONNX file needs a package: npm install @advrob/onnx`, {
      cause,
    });
  });
  const { asAdvrob } = await import('../onnx/classifier.js');
  const external = (data: ExternalData): Uint8Array => readBeside(path, data, maxBytes);
  const model = asAdvrob(who, () => onnx.readOnnx(bytes, { external, maxBytes, isOwned: true }));
  return { model, unsupportedIn: onnx.unsupportedNodes, isQuantized: onnx.isQuantized(model) };
}

/** @throws AdvrobError `ADVROB_ONNX_EXTERNAL` for a place outside of the model's folder. */
function readBeside(path: string, { location, offset, length }: ExternalData, maxBytes: number): Uint8Array {
  const refuse = (why: string): never => {
    throw new AdvrobError('ADVROB_ONNX_EXTERNAL', `${basename(path)}: its weights in '${location}' ${why}`);
  };
  const isPlain = !/[\\\0]|^[a-z]:|^\//i.test(location) && !location.split('/').includes('..');
  if (!isPlain) refuse("lie outside of the model's folder: refused");
  const folder = realpathSync(dirname(resolve(path)));
  const file = join(folder, location);
  let found: ReturnType<typeof lstatSync> | undefined;
  try {
    found = lstatSync(file);
  } catch {
    return refuse('are missing');
  }
  if (found.isSymbolicLink() || !realpathSync(file).startsWith(folder + sep) || !found.isFile() || found.nlink > 1)
    refuse('are a link, or no plain file: refused');
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const wanted = length ?? size - offset;
    if (offset + wanted > size || wanted < 0) refuse(`have ${size} bytes, fewer than ${offset + wanted}`);
    if (wanted > maxBytes) refuse(`are ${wanted} bytes, more than the limit of ${maxBytes}`);
    const bytes = new Uint8Array(wanted);
    for (let at = 0; at < wanted;) {
      const read = readSync(handle, bytes, at, wanted - at, offset + at);
      if (read === 0) return refuse('ended early');
      at += read;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}
