import { AdvrobError, type Classifier } from '@advrob/core';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkClassifier } from '../checks/check-classifier.js';
import { isKerasFile, loadKerasFile } from '../keras/keras-file.js';
import { readLimited } from '../node/files.js';
import { loadModelFile, type LoadModelFileOptions } from '../node/model-file.js';
import { openModelFolder } from '../node/model-folder.js';
import type { OnnxClassifier } from '../onnx/classifier.js';
import { loadLayersModelFiles } from '../tfjs-format/layers-model-files.js';
import { graphFacts, layersFacts, onnxFacts, weightFacts } from './facts.js';
import { counted, wordsOf, type FileFacts, type ModelInspection, type Obstacle } from './inspection.js';
import { workOf } from './work.js';

/** How the file would be loaded. */
export type InspectOptions = LoadModelFileOptions;

/** What open sides are taken for, to try a model. */
const assumedSide = 64;

/**
 * Looks into a model file of any kind that `loadModelFile` takes, tries to load it, and says what can
 * be attacked and what is in the way. What cannot be loaded is no error: it is said.
 *
 * @param path The file, or the folder of a tfjs model.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_MODEL_OVERSIZED`, and what readers say of
 *   files that are no model at all.
 * @example
 * ```ts
 * import { inspectModelFile } from '@advrob/models/inspect';
 *
 * const { attacks, obstacles } = await inspectModelFile('net.onnx');
 * ```
 */
export async function inspectModelFile(path: string, options: InspectOptions = {}): Promise<ModelInspection> {
  const facts = await factsOf(path, options);
  const { model, isAssumed, problem } = await tryLoading(path, options, facts);
  const obstacles: Obstacle[] = [...facts.obstacles];
  // Operators and ports that cannot be taken are listed one by one already.
  const isSaid = facts.obstacles.some(({ what, where }) => where !== null || problem?.includes(what));
  if (problem !== undefined && !isSaid) obstacles.push({ where: null, what: problem });
  if (model === undefined) return { ...facts, obstacles, classifier: null, multiplyAdds: null, attacks: 'none' };
  try {
    const onnx = 'onnx' in model ? (model as OnnxClassifier).onnx : undefined;
    const work = onnx?.isBlackBox ? undefined : workOf(model);
    const wrong = onnx?.isBlackBox || onnx?.isQuantized ? undefined : await gradientProblem(path, model);
    if (wrong !== undefined) obstacles.push({ where: null, what: wrong });
    return {
      ...facts,
      ...(facts.operators.length === 0 && work ? { operators: countedMap(work.operators) } : {}),
      obstacles,
      classifier: { inputShape: model.inputShape, numClasses: model.numClasses, isAssumed },
      multiplyAdds: work?.multiplyAdds ?? null,
      attacks:
        onnx?.isBlackBox || wrong !== undefined ? 'black-box' : onnx?.isQuantized ? 'straight-through' : 'white-box',
    };
  } finally {
    model.dispose?.();
  }
}

function countedMap(counts: ReadonlyMap<string, number>): FileFacts['operators'] {
  return counted([...counts].flatMap(([name, count]) => Array<string>(count).fill(name)));
}

async function gradientProblem(path: string, model: Classifier): Promise<string | undefined> {
  try {
    await checkClassifier(model, basename(path));
    return undefined;
  } catch (error) {
    if (!(error instanceof AdvrobError)) throw error;
    return wordsOf(error);
  }
}

async function factsOf(path: string, options: InspectOptions): Promise<FileFacts> {
  const { maxBytes = 4 * 1024 ** 3 } = options;
  const who = basename(path);
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder && path.endsWith('.onnx')) return onnxFacts(who, path, options);
  if (isFolder || path.endsWith('.json')) {
    const { json, isGraph, name, readShard } = await openModelFolder(path);
    if (isGraph) return graphFacts(name, json);
    return layersFacts('layers-model', await loadLayersModelFiles(json, readShard, name));
  }
  const bytes = await readLimited(path, maxBytes);
  return isKerasFile(bytes, path) ? layersFacts('keras', await loadKerasFile(bytes, path)) : weightFacts(who, bytes);
}

interface Tried {
  readonly model?: Classifier;
  readonly isAssumed: boolean;
  /** Why it cannot be loaded as a white box. */
  readonly problem?: string;
}

/** As it is, with open sides filled, or as a black box. */
async function tryLoading(
  path: string,
  options: InspectOptions,
  { inputs, format, layout }: FileFacts,
): Promise<Tried> {
  const given = options.layers?.inputShape;
  const attempt = async (changed: InspectOptions): Promise<Classifier | AdvrobError> =>
    loadModelFile(path, changed).catch((error: unknown) => {
      if (error instanceof AdvrobError) return error;
      throw error;
    });
  const [, ...sides] = inputs[0]?.shape ?? [];
  const ordered = layout === 'NCHW' ? [sides[1]!, sides[2]!, sides[0]!] : sides;
  const isAssumed = given === undefined && sides.length > 0 && sides.some((side) => side === null);
  const filled = ordered.map((side, i) => side ?? (ordered.length === 3 && i === 2 ? 3 : assumedSide));
  const layers = { ...options.layers, inputShape: isAssumed ? filled : given };
  const found = await attempt({ ...options, layers });
  if (!(found instanceof AdvrobError)) return { model: found, isAssumed };
  const problem = wordsOf(found);
  if (format !== 'onnx') return { isAssumed, problem };
  const blackBox = await attempt({ ...options, layers, onnx: { ...options.onnx, blackBox: true } });
  return blackBox instanceof AdvrobError ? { isAssumed, problem } : { model: blackBox, isAssumed, problem };
}
