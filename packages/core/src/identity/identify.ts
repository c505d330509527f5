import * as tf from '@tensorflow/tfjs-core';
import type { Classifier, Dataset, Json } from '../contract/index.js';
import { createRandom } from '../random.js';
import { gradientIfAny } from '../tape.js';
import { describeWith } from './describe.js';
import { hashModel, hashTensors } from './hash.js';

/** What a resumed run must share, as JSON. Compared key by key, so that a refusal can name the key. */
export type Identity = { readonly [key: string]: Json };

/**
 * What a model is: its weights, what it was made from, what it takes, and a canary, which is what
 * it answers to a few inputs. The canary sees what nothing else names: another topology or
 * normalisation around the same weights, an edited plugin, a processor that rounds otherwise.
 *
 * @param modelHash - In place of the hash of the weights, for a model without any.
 */
export async function identifyModel(model: Classifier, modelHash?: string): Promise<Identity> {
  const { inputShape, numClasses, bounds, origin } = model;
  // First, so that a lazy backend has computed the weights before the canary is asked.
  const weights = modelHash ?? (await hashModel(model)) ?? null;
  return {
    weights,
    origin: origin === undefined ? null : await identifyValue({ name: origin.name, options: origin.options }),
    inputShape: [...inputShape],
    numClasses,
    bounds: [...bounds],
    canary: await canaryOf(model),
  };
}

/**
 * What is computed on: the backend that is active, and those of its settings that change bits.
 */
export function identifyBackend(): Identity {
  const { options = {}, card } = tf.backend() as { options?: Readonly<Record<string, unknown>>; card?: string | null };
  const known = ['threads', 'deterministic', 'lowering', 'executionProvider'];
  const settings = known.filter((key) => options[key] !== undefined).map((key) => [key, options[key] as Json]);
  return { name: tf.getBackend(), ...Object.fromEntries(settings), ...(card && { card }) };
}

/** What {@link identifyData} tells of data. */
type DataIdentity = Pick<Dataset, 'name' | 'length' | 'hash' | 'numClasses'> & {
  inputShape: number[];
  bounds: [number, number];
  classNames?: string[];
};

/** What the examples are. The hash covers their content, the rest how they are read. */
export function identifyData(data: Dataset): DataIdentity {
  const { name, length, hash, inputShape, numClasses, bounds, classNames } = data;
  return {
    name,
    length,
    hash,
    inputShape: [...inputShape],
    numClasses,
    bounds: [...bounds],
    ...(classNames && { classNames: [...classNames] }),
  };
}

/**
 * Settings as JSON for comparisons: models by {@link identifyModel}, attacks by name and options,
 * functions by name and source, tensors by their hash.
 *
 * @throws AdvrobError `ADVROB_OPTION` for a model without named weights.
 */
export function identifyValue(value: unknown): Promise<Json> {
  return describeWith(value, { model: identifyModel, isComparison: true });
}

/** Rows of the probe: even noise, then ever darker, then mostly bright. */
const powers = [1, 2, 6, 1 / 4];

/**
 * SHA-256 of the scores and of the input gradient on a fixed probe; null where there are none. A
 * model that answers otherwise when asked again has `random` in place of what differs.
 */
async function canaryOf(model: Classifier): Promise<Json> {
  const probe = probeOf(model);
  try {
    const scores = await askedTwice(() => model.logits(probe));
    const gradient = await askedTwice(() =>
      gradientIfAny((x) => tf.mul(model.logits(x), tf.range(1, model.numClasses + 1)), probe),
    );
    return { scores, gradient };
  } finally {
    probe.dispose();
  }
}

function probeOf({ inputShape, bounds: [low, high] }: Classifier): tf.Tensor {
  return tf.tidy(() => {
    const rows = powers.map((power, row) =>
      tf.pow(createRandom({ seed: 0 }).uniform(`probe ${row}`, inputShape, 0, 1), power),
    );
    return tf.add(tf.mul(tf.stack(rows), high - low), low);
  });
}

async function askedTwice(answer: () => tf.Tensor | undefined): Promise<string | null> {
  const [first, second] = [await answered(answer), await answered(answer)];
  return first === second ? first : 'random';
}

/** Whatever is wrong with the model is said by who uses it, in words of that use. */
async function answered(answer: () => tf.Tensor | undefined): Promise<string | null> {
  let found: tf.Tensor | undefined;
  try {
    found = tf.tidy(() => answer() ?? tf.tensor1d([]));
    return (await hashTensors({ answer: found })).slice(0, 16);
  } catch {
    return null;
  } finally {
    found?.dispose();
  }
}
