import { AdvrobError, type Extras } from '@advrob/core';
import { encodeSafetensors, modelMetadata, type TensorRecord } from '@advrob/core/safetensors';
import type { Tensor } from '@tensorflow/tfjs-core';
import { weightsAndBuffers } from '../fit/averaged-weights.js';
import { read } from '../fit/metric-window.js';
import { emit, type Run } from '../fit/run.js';
import { variablesOf } from '../weights/saved.js';
import { plainJson } from './plain-json.js';

/** The one file that a run is resumed from: a safetensors file with all tensors of the run, the rest in its metadata. */
export const checkpointName = 'checkpoint.safetensors';
export const metadataKey = 'advrob.checkpoint';
export const checkpointVersion = 1;

/** Writes the checkpoint, if the run has a storage. The state must be settled, so that only values are read. */
export async function saveRun<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  const { options, counters, parts, window, history, best, description } = run;
  const storage = options.checkpoint?.storage;
  if (!storage) return;
  await read(window);
  const records = new Map<string, TensorRecord>();
  for (const [key, variable] of variablesOf(parts)) records.set(`state/${key}`, await recordOf(key, variable));
  for (const [name, tensor] of best?.values ?? []) records.set(`best/${name}`, await recordOf(name, tensor));
  const numbers = Object.fromEntries(
    Object.entries(parts).flatMap(([part, saved]) =>
      Object.entries(saved).flatMap(([name, value]) => (typeof value === 'number' ? [[`${part}/${name}`, value]] : [])),
    ),
  );
  const metadata = {
    version: checkpointVersion,
    run: description,
    numbers,
    window: { names: window.names, rows: window.rows },
    history,
    best: best && { score: best.score, step: best.step, epoch: best.epoch, weights: best.weights },
  };
  const text = JSON.stringify(plainJson(metadata));
  await storage.write(checkpointName, encodeSafetensors(records, { [metadataKey]: text }));
  emit(run, { type: 'checkpoint', step: counters.step, name: checkpointName });
}

/** Writes weights and buffers under their names in the model, to be read by anyone, with its architecture. */
export async function saveWeights<P extends Extras, E extends Extras>(
  { options, counters }: Run<P, E>,
  name: string,
  values?: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const storage = options.checkpoint?.storage;
  if (!storage) return;
  const records = new Map<string, TensorRecord>();
  for (const [key, tensor] of values ?? weightsAndBuffers(options.model)) records.set(key, await recordOf(key, tensor));
  await storage.write(
    name,
    encodeSafetensors(records, { ...modelMetadata(options.model), 'advrob.step': String(counters.step) }),
  );
}

async function recordOf(name: string, tensor: Tensor): Promise<TensorRecord> {
  const { dtype, shape } = tensor;
  if (dtype !== 'float32' && dtype !== 'int32')
    throw new AdvrobError('ADVROB_CHECKPOINT', `'${name}' has type ${dtype}, only float32 and int32 can be saved`);
  return { dtype, shape, data: (await tensor.data()) as Float32Array | Int32Array };
}
