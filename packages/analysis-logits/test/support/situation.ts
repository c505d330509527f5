import type { AnalysisContext, Classifier, Dataset } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { createThreat } from '@advrob/core/threat';
import { tableData } from './table-data.js';
import { tanhModel } from './tanh-model.js';

export const inputs = 6;
export const classes = 5;

/** Numbers of a fixed sequence in [0, 1). */
export function sequence(length: number, seed: number): number[] {
  let state = seed * 2654435761 + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/** 48 pictures of 2 x 3 pixels; the label is the brightest of the first five. */
export function smallData(length = 48): Dataset {
  const x = sequence(length * inputs, 3);
  const labels = Array.from({ length }, (_, row) => {
    const first = x.slice(row * inputs, row * inputs + classes);
    return first.indexOf(Math.max(...first));
  });
  return tableData({ x, inputs, labels, classes, inputShape: [2, 3, 1] });
}

/** A smooth model that is right more often than not: the label's own pixel counts most. */
export function smallModel(seed: number, scale = 1): Classifier {
  const noise = sequence(inputs * classes, seed);
  const model = tanhModel(
    {
      'hidden.weight': Array.from({ length: inputs * inputs }, (_, i) => (i % (inputs + 1) === 0 ? 1 : 0)),
      'hidden.bias': Array.from({ length: inputs }, () => -0.5),
      'last.weight': noise.map((value, i) => scale * ((Math.floor(i / classes) === i % classes ? 4 : 0) + 2 * value)),
      'last.bias': Array.from({ length: classes }, () => 0),
    },
    {
      'hidden.weight': [inputs, inputs],
      'hidden.bias': [inputs],
      'last.weight': [inputs, classes],
      'last.bias': [classes],
    },
  );
  return { ...model, inputShape: [2, 3, 1] };
}

/** Two models and a student, apart from `memo`. */
export async function smallContext(): Promise<
  Omit<AnalysisContext<'model' | 'standard' | 'robust' | 'student'>, 'memo'>
> {
  return {
    models: { model: smallModel(1), standard: smallModel(1, 3), robust: smallModel(2), student: smallModel(5, 0.1) },
    data: smallData(),
    threat: createThreat({ norm: 'linf', epsilon: 0.1 }, [0, 1]),
    rng: createRandom({ seed: 1 }),
  };
}

/** Computes every part anew. */
export const noMemo: AnalysisContext<string>['memo'] = (_, compute) => compute();
