import type { Augmentation, Batch, Extras, Gradient, Prepared, Work } from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { prefixed } from '../random.js';
import { checkBatch, checkPrepared } from './check-plugins.js';
import { note, truncate } from './metric-window.js';
import { prepareContext } from './prepare-context.js';
import { positionOf, settleRun, type Run } from './run.js';
import { rateAt } from './settings.js';
import { disposeSnapshot, restoreSnapshot, takeSnapshot } from './values.js';
import { weightGradient } from './weight-gradient.js';

/**
 * Makes one optimizer step. When it fails or is aborted in the middle, everything is as it was
 * before.
 */
export async function makeStep<P extends Extras, E extends Extras>(run: Run<P, E>): Promise<void> {
  const { options, optimizer, averager, counters, parts, window } = run;
  const before = takeSnapshot(parts);
  const noted = window.pending.length;
  const { work, close } = openWork(run);
  try {
    await optimizer.step(work);
    averager?.afterStep?.(options.model);
    counters.step += 1;
    await settleRun(run);
  } catch (error) {
    restoreSnapshot(parts, before);
    truncate(window, noted);
    throw error;
  } finally {
    close();
    disposeSnapshot(before);
  }
}

/**
 * What the optimizer of a run gets to work with in its next step, through the transforms; `close`
 * frees all that it gave out.
 */
function openWork<P extends Extras, E extends Extras>(run: Run<P, E>): { readonly work: Work; close(): void } {
  const { options, settings, random, counters, window } = run;
  const { model, objective } = options;
  const position = positionOf(run);
  const ofBatch = new Set<Tensor>();
  const ofGradients = new Set<Tensor>();
  let draw = -1;
  /** Gradients of this batch that drew anew. */
  let gradients = 0;
  let isUpdated = false;

  async function drawBatch(): Promise<Prepared> {
    if (draw >= 0) {
      // What was recorded so far needs the tensors of the last batch.
      await settleRun(run);
      free(ofBatch);
    }
    draw = counters.draws;
    counters.draws += 1;
    gradients = 0;
    isUpdated = false;
    const number = Math.floor(draw / settings.replays);
    const drawn = await run.batches.batchAt(number);
    checkBatch(drawn, options.data);
    for (const tensor of [drawn.x, drawn.y, ...Object.values<Tensor>(drawn.extras)]) ofBatch.add(tensor);
    const batch = { ...drawn, x: augment(options.augmentations, drawn, settings.seed, number) };
    ofBatch.add(batch.x);
    const context = prepareContext(run, draw, (tensor) => ofBatch.add(tensor));
    const values = await objective.prepare(batch, context);
    checkPrepared(values);
    for (const tensor of Object.values(values)) if (!(tensor instanceof tf.Variable)) ofBatch.add(tensor);
    return { values };
  }

  async function gradient(prepared: Prepared, { probe = false, sameDraws = false } = {}): Promise<Gradient> {
    if (!sameDraws || gradients === 0) gradients += 1;
    const rng = prefixed(random.at(Math.max(0, draw)), `forward ${gradients - 1}/`);
    const how = { mode: probe ? ('probe' as const) : ('train' as const), rng };
    const { norm, inputGradients, grads, terms } = weightGradient(objective, prepared.values as P, model, how);
    for (const tensor of [grads, terms, inputGradients].flatMap((made) => Object.values(made))) ofGradients.add(tensor);
    ofGradients.add(norm);
    const [moved] = objective.inputs ?? [];
    if (moved !== undefined) counters.inputGradients += (prepared.values[moved] as Tensor).shape[0]!;
    if (!probe) {
      note(window, terms, norm);
      if (!isUpdated) tf.tidy(() => objective.afterGradient?.(terms, inputGradients));
      isUpdated = true;
    }
    tf.dispose(inputGradients);
    return { grads, terms };
  }

  const work: Work = {
    draw: drawBatch,
    gradient,
    update: (body) => void tf.tidy(body),
    hold(tensor) {
      ofGradients.add(tensor);
      return tensor;
    },
    model,
    rate: rateAt(settings, position),
    step: position.step,
    epoch: position.epoch,
    rng: prefixed(random.at(position.step), 'optimizer/'),
  };
  return {
    work: (options.transforms ?? []).reduce((inner, transform) => transform(inner), work),
    close() {
      free(ofBatch);
      free(ofGradients);
    },
  };
}

function free(tensors: Set<Tensor>): void {
  for (const tensor of tensors) if (!tensor.isDisposed) tensor.dispose();
  tensors.clear();
}

/**
 * The inputs of a batch after all augmentations, a new tensor, or the batch's own when there are
 * none. What an example becomes depends on the seed, its id and the number of the batch, so that a
 * replayed batch and a resumed run see the same.
 */
function augment<E extends Extras>(
  augmentations: readonly Augmentation[] = [],
  { x, ids }: Batch<E>,
  seed: number,
  number: number,
): Tensor {
  if (augmentations.length === 0) return x;
  return tf.tidy(() =>
    augmentations.reduce(
      (changed: Tensor, change, place) =>
        change(changed, createRowRandom({ seed, ids, step: number, scope: `augmentation ${place}` })),
      x,
    ),
  );
}
