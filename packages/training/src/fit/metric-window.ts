import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { MetricsEvent } from './events.js';

/**
 * The losses and gradient norms since the last metrics. They stay on the device until a fixed step,
 * when all of them are read: reading a value earlier would make a lazy backend compile another
 * graph.
 */
export interface MetricWindow {
  /**
   * The loss terms, in the order of the rows. The norm comes last in a row and has no name. Empty
   * before the first gradient.
   */
  names: string[];
  /** One tensor [terms + 1] per gradient, not yet read. */
  readonly pending: Tensor[];
  /** What was read, one row per gradient. */
  rows: number[][];
}

export function emptyWindow(): MetricWindow {
  return { names: [], pending: [], rows: [] };
}

/**
 * Notes a gradient without reading it. @throws AdvrobError `ADVROB_OBJECTIVE` when its loss has
 * other terms than before.
 */
export function note(window: MetricWindow, terms: Readonly<Record<string, Tensor>>, norm: Tensor): void {
  const names = Object.keys(terms);
  if (window.names.length === 0) window.names = names;
  if (names.length !== window.names.length || names.some((name) => !window.names.includes(name)))
    throw new AdvrobError(
      'ADVROB_OBJECTIVE',
      `the objective must return the same loss terms each time: first ${window.names.join(', ')}, now ${names.join(', ')}`,
    );
  window.pending.push(tf.stack([...window.names.map((name) => terms[name]!), norm]));
}

/** Reads what is pending. The tensors have been settled, so nothing is computed. */
export async function read(window: MetricWindow): Promise<void> {
  for (let tensor = window.pending[0]; tensor; tensor = window.pending[0]) {
    const values = await tensor.data();
    window.rows.push(Array.from(values));
    window.pending.shift();
    tensor.dispose();
  }
}

/** Forgets the pending gradients after the first `count`. */
export function truncate(window: MetricWindow, count: number): void {
  tf.dispose(window.pending.splice(count));
}

/** Mean losses and gradient norm of the rows read, at least one. */
export function summarize({ names, rows }: MetricWindow): Pick<MetricsEvent, 'loss' | 'gradientNorm'> {
  const mean = (column: number): number => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length;
  const norms = rows.map((row) => row[names.length]!);
  return {
    loss: Object.fromEntries(names.map((name, column) => [name, mean(column)])),
    gradientNorm: { mean: mean(names.length), max: Math.max(...norms) },
  };
}

/** What is wrong with the rows read, if anything. */
export function findDivergence({ names, rows }: MetricWindow, maxGradientNorm: number): string | undefined {
  for (const row of rows) {
    const bad = names.find((_, column) => !Number.isFinite(row[column]));
    if (bad !== undefined) return `the loss term '${bad}' is ${row[names.indexOf(bad)]}`;
    const norm = row[names.length]!;
    if (!(norm <= maxGradientNorm)) return `the norm of the gradient is ${norm}, the limit is ${maxGradientNorm}`;
  }
  return undefined;
}
