import * as tf from '@tensorflow/tfjs-core';
import type { Analysis, AnalysisContext, Json } from '../contract/index.js';
import { type Check, ensure } from './check.js';

/**
 * What every analysis must keep to: plain JSON out, the same for the same context, nothing left in
 * memory, models untouched, and parts that were computed once taken from the record. `context`
 * makes fresh models and data for one role each; `memo` is the suite's own.
 *
 * @example
 * ```ts
 * import { analysisContract } from '@advrob/core/testing';
 * for (const { name, run } of analysisContract(logitGap(), makeContext)) test(name, run);
 * ```
 */
export function analysisContract<Role extends string>(
  analysis: Analysis<Role>,
  context: () => Promise<Omit<AnalysisContext<Role>, 'memo'>>,
): readonly Check[] {
  const analyze = async (
    given: Omit<AnalysisContext<Role>, 'memo'>,
    record = new Map<string, Json>(),
  ): Promise<{ result: Json; computed: number }> => {
    let computed = 0;
    const result = await analysis.analyze({
      ...given,
      async memo<T extends Json>(key: string, compute: () => Promise<T>): Promise<T> {
        const known = record.get(key);
        if (known !== undefined) return JSON.parse(JSON.stringify(known)) as T;
        computed++;
        const value = await compute();
        record.set(key, value);
        return value;
      },
    });
    return { result, computed };
  };
  const text = (value: Json): string => JSON.stringify(value);

  return [
    {
      name: 'the result is plain JSON',
      async run() {
        const { result } = await analyze(await context());
        const copy = JSON.parse(text(result)) as Json;
        ensure(
          isEqual(result, copy),
          'the result loses something as JSON: no undefined, NaN, Infinity, typed arrays or tensors',
        );
      },
    },
    {
      name: 'the same context gives the same result',
      async run() {
        const [first, second] = [await analyze(await context()), await analyze(await context())];
        ensure(
          text(first.result) === text(second.result),
          'two runs on equal contexts differ: draw random numbers from context.rng alone',
        );
      },
    },
    {
      name: 'a resumed run takes finished parts from the record and ends the same',
      async run() {
        const record = new Map<string, Json>();
        const first = await analyze(await context(), record);
        const again = await analyze(await context(), record);
        ensure(
          again.computed === 0,
          `${again.computed} parts were computed again although the record has them: use stable memo keys`,
        );
        ensure(text(first.result) === text(again.result), 'the result differs when its parts come from the record');
      },
    },
    {
      name: 'nothing is left in memory, and weights stay as they are',
      async run() {
        const given = await context();
        const models = Object.values(given.models) as AnalysisContext<Role>['models'][Role][];
        const variables = models.flatMap((model) => Object.values({ ...model.weights, ...model.buffers }));
        const before = await Promise.all(variables.map(async (variable) => Array.from(await variable.data())));
        const count = tf.memory().numTensors;
        await analyze(given);
        const left = tf.memory().numTensors - count;
        ensure(left === 0, `${left} tensors are left`);
        for (const [i, variable] of variables.entries())
          ensure(
            text(Array.from(await variable.data())) === text(before[i]!),
            `a weight of shape [${variable.shape.join(', ')}] was changed`,
          );
      },
    },
  ];
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null)
    return Object.is(a, b) || (a === 0 && b === 0);
  if (Array.isArray(a) !== Array.isArray(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
