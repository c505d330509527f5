import { AdvrobError, type Extras, type Json, type RunStorage } from '@advrob/core';
import { differencesOf } from '@advrob/core/identity';
import {
  decodeSafetensors,
  encodeSafetensors,
  modelMetadata,
  type TensorFile,
  type TensorRecord,
} from '@advrob/core/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { plainJson } from './description.js';
import type { LoggedEvent } from './events.js';
import { read } from './metric-window.js';
import { emit, type Best, type Run } from './run.js';
import { disposeSnapshot, restoreSnapshot, variablesOf, weightsAndBuffers, type Snapshot } from './values.js';

/**
 * The one file that a run is resumed from: a safetensors file with all tensors of the run, the rest
 * in its metadata.
 */
const checkpointName = 'checkpoint.safetensors';
/** The one before it, for a run whose last one is damaged. */
const previousName = 'checkpoint.previous.safetensors';
const metadataKey = 'advrob.checkpoint';
const checkpointVersion = 1;

/**
 * Writes the checkpoint, if the run has a storage. The state must be settled, so that only values
 * are read.
 */
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
  await storage.write(
    checkpointName,
    encodeSafetensors(records, { [metadataKey]: text }, { checksum: true }),
    run.saved === counters.step ? undefined : previousName,
  );
  run.saved = counters.step;
  emit(run, { type: 'checkpoint', step: counters.step, name: checkpointName });
}

/**
 * Writes weights and buffers under their names in the model, to be read by anyone, with its
 * architecture.
 */
export async function saveWeights<P extends Extras, E extends Extras>(
  { options, counters }: Run<P, E>,
  name: string,
  { values, step }: Partial<Pick<Best, 'values' | 'step'>> = {},
): Promise<void> {
  const storage = options.checkpoint?.storage;
  if (!storage) return;
  const records = new Map<string, TensorRecord>();
  for (const [key, tensor] of values ?? weightsAndBuffers(options.model)) records.set(key, await recordOf(key, tensor));
  await storage.write(
    name,
    encodeSafetensors(
      records,
      { ...modelMetadata(options.model), 'advrob.step': String(step ?? counters.step) },
      { checksum: true },
    ),
  );
}

async function recordOf(name: string, tensor: Tensor): Promise<TensorRecord> {
  const { dtype, shape } = tensor;
  if (dtype !== 'float32' && dtype !== 'int32')
    throw new AdvrobError('ADVROB_CHECKPOINT', `'${name}' has type ${dtype}, only float32 and int32 can be saved`);
  return { dtype, shape, data: (await tensor.data()) as Float32Array | Int32Array };
}

/** A number; JSON has no infinities, they are written as text. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const metadataSchema = z.object({
  version: z.literal(checkpointVersion),
  run: z.json(),
  numbers: z.record(z.string(), number),
  window: z.object({ names: z.array(z.string()), rows: z.array(z.array(number)) }),
  history: z.array(z.looseObject({ type: z.enum(['metrics', 'validation']) })),
  best: z
    .object({ score: number, step: z.number(), epoch: z.number(), weights: z.enum(['trained', 'averaged']) })
    .optional(),
});

/**
 * Puts the run where its checkpoint left it; where that is damaged, by its checksum or form, where
 * the one before it did, of which the storage is told. Gives false when there is none.
 *
 * @throws AdvrobError `ADVROB_CHECKPOINT` when both are damaged, `ADVROB_CHECKPOINT_MISMATCH` for
 *   one of other settings, data or parts; the run is then as before.
 */
export async function loadRun<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<boolean> {
  const found = await readCheckpoint(run.options.checkpoint?.storage);
  if (!found) return false;
  const { file, metadata } = found;
  checkSettings(metadata.run as Json, run.description);

  const snapshot: Snapshot = { tensors: new Map(), numbers: new Map(Object.entries(metadata.numbers)) };
  const tensors = snapshot.tensors as Map<string, Tensor>;
  try {
    for (const [key, variable] of variablesOf(run.parts))
      tensors.set(key, tensorOf(file.records.get(`state/${key}`), variable, key));
    for (const [part, saved] of Object.entries(run.parts))
      for (const [name, value] of Object.entries(saved))
        if (typeof value === 'number' && !snapshot.numbers.has(`${part}/${name}`)) throw lacks(`${part}/${name}`);
    if (metadata.best) run.best = { ...metadata.best, values: readBest(run, file) };
    restoreSnapshot(run.parts, snapshot);
  } finally {
    disposeSnapshot(snapshot);
  }
  run.saved = run.counters.step;
  run.window.names = metadata.window.names;
  run.window.rows = metadata.window.rows;
  run.history.push(...(metadata.history as unknown as LoggedEvent[]));
  return true;
}

type Checkpoint = { readonly file: TensorFile; readonly metadata: z.output<typeof metadataSchema> };

async function readCheckpoint(storage: RunStorage | undefined): Promise<Checkpoint | undefined> {
  const bytes = await storage?.read(checkpointName);
  if (storage === undefined || bytes === undefined) return undefined;
  const found = decodeCheckpoint(bytes);
  const before = await storage.read(previousName);
  const previous = before && decodeCheckpoint(before);
  if (!(found instanceof Error)) {
    if (previous instanceof Error) {
      storage.onDamage?.(previousName, 'it is damaged; the last checkpoint takes its place');
      await storage.write(previousName, bytes);
    }
    return found;
  }
  if (before === undefined || previous === undefined || previous instanceof Error)
    throw new AdvrobError(
      'ADVROB_CHECKPOINT',
      `${checkpointName} is damaged, or of another version, and so is the one before it: delete it to start anew`,
      { cause: found },
    );
  storage.onDamage?.(checkpointName, 'it is damaged; training goes on from the checkpoint before it');
  await storage.write(checkpointName, before);
  return previous;
}

/** What a checkpoint holds, or what is wrong with it; one without a checksum is none of ours. */
function decodeCheckpoint(bytes: Uint8Array): Checkpoint | Error {
  try {
    const file = decodeSafetensors(bytes, checkpointName);
    if (!file.hasChecksum) throw new AdvrobError('ADVROB_CHECKPOINT', 'there is no checksum in it');
    return { file, metadata: metadataSchema.parse(JSON.parse(file.metadata.get(metadataKey) ?? 'null')) };
  } catch (error) {
    return error as Error;
  }
}

function checkSettings(saved: Json, present: Json): void {
  const differences = differencesOf(saved, present);
  if (differences.length === 0) return;
  throw new AdvrobError(
    'ADVROB_CHECKPOINT_MISMATCH',
    `the checkpoint is of another training: ${differences.join('; ')}. ` +
      'Use the old settings to go on, or another folder (or delete the checkpoint) to start anew',
  );
}

function readBest<P extends Extras, E extends Extras>(run: Run<P, E>, file: TensorFile): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  try {
    for (const [name, variable] of weightsAndBuffers(run.options.model))
      values.set(name, tensorOf(file.records.get(`best/${name}`), variable, `best/${name}`));
    return values;
  } catch (error) {
    for (const tensor of values.values()) tensor.dispose();
    throw error;
  }
}

function tensorOf(record: TensorRecord | undefined, like: Tensor, key: string): Tensor {
  if (!record) throw lacks(key);
  if (record.dtype !== like.dtype || record.shape.join() !== like.shape.join())
    throw new AdvrobError(
      'ADVROB_CHECKPOINT_MISMATCH',
      `the checkpoint holds ${key} as ${record.dtype} [${record.shape.join(', ')}], the run needs ${like.dtype} [${like.shape.join(', ')}]`,
    );
  return tf.tensor(record.data, [...record.shape], record.dtype);
}

function lacks(key: string): AdvrobError {
  return new AdvrobError(
    'ADVROB_CHECKPOINT_MISMATCH',
    `the checkpoint has no ${key}: it was made with another objective, optimizer, averager or version. Delete it to start anew`,
  );
}
