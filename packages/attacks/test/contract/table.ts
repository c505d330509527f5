import type { Attack, Norm } from '@advrob/core';
import { linearClassifier, type AttackContractOptions } from '@advrob/core/testing';
import plugin, {
  apgdCe,
  apgdDlr,
  apgdT,
  autoattack,
  bim,
  boundary,
  cw,
  ddn,
  deepfool,
  ead,
  fab,
  fabT,
  fgsm,
  fmn,
  hopskipjump,
  jsma,
  langevin,
  mim,
  nes,
  pgd,
  sigmaZero,
  simba,
  spsa,
  square,
  transfer,
} from '../../src/index.js';
import { usualUnit, type Unit } from './problem.js';

/** An attack with options for small models and few steps, and what can be asked of it. */
export interface Row {
  readonly attack: Attack;
  readonly options: AttackContractOptions;
  /**
   * By how much more than the distance of a plane the radius must be for all examples to be fooled, relatively, e.g. 0.01. Left out: the attack makes no
   * such promise.
   */
  readonly excess?: number;
  /** The only number of classes that the attack takes, because of a model among its options. */
  readonly classes?: number;
  /**
   * Norms in which a step chooses coordinates or signs by a hair, so that a rounding error, which depends on the size of the batch on ONNX Runtime, may move a point
   * by any amount there. Success and queries must be the same nevertheless, and on the cpu backend every bit.
   */
  readonly jumps?: readonly Norm[];
  /** The attack for inputs in other units, where its options or models are not in units of epsilon or of the bounds. */
  readonly inUnit?: (unit: Unit) => Attack;
}

/** Attacks and models among the options, in a word. */
export function shortened(key: string, value: unknown): unknown {
  if (key === 'surrogate') return 'another model';
  return key === 'attack' ? (value as Attack).name : value;
}

/** A model for the inputs and classes of the table that resembles none of those attacked. */
function otherModel({ scale, shift }: Unit = usualUnit) {
  const weights = Array.from({ length: 32 }, (_, i) => Array.from({ length: 5 }, (_, k) => Math.sin(3 * i + 7 * k)));
  const scaled = weights.map((row) => row.map((weight) => weight / scale));
  const bias = scaled.reduce((sum, row) => sum.map((each, k) => each - shift * row[k]!), [0, 0, 0, 0, 0]);
  return linearClassifier({
    weights: scaled,
    bias,
    inputShape: [4, 4, 2],
    bounds: [shift - scale, shift + 3 * scale],
  });
}

/** Every attack, with options small enough for a table. Adding an attack to the plugin without a row here fails. */
export const table: Readonly<Record<keyof typeof plugin.attacks, readonly Row[]>> = {
  fgsm: [
    { attack: fgsm(), options: { reach: 0.85 }, excess: 0.001 },
    { attack: fgsm({ start: 'uniform' }), options: { differsBySeed: true } },
  ],
  pgd: [
    { attack: pgd({ steps: 10 }), options: { reach: 0.85, differsBySeed: true }, excess: 0.05 },
    { attack: pgd({ steps: 10, start: 'zero' }), options: { reach: 0.85 }, excess: 0.001 },
    { attack: pgd({ steps: 10, start: 'tinygauss' }), options: { reach: 0.85 } },
    { attack: pgd({ steps: 10, optimizer: 'adam' }), options: { norms: ['linf', 'l2'], reach: 0.7 } },
    { attack: pgd({ steps: 5, optimizer: 'adam' }), options: { norms: ['l1'] } },
  ],
  bim: [{ attack: bim(), options: { reach: 0.85 }, excess: 0.001 }],
  mim: [{ attack: mim(), options: { reach: 0.85 }, excess: 0.001 }],
  'apgd-ce': [
    { attack: apgdCe({ steps: 10 }), options: { reach: 0.85, differsBySeed: true }, excess: 0.02, jumps: ['l1'] },
  ],
  'apgd-dlr': [
    // Where the label is third the gradient is 0, so that in Linf a step takes the signs of rounding errors.
    {
      attack: apgdDlr({ steps: 10 }),
      options: { reach: 0.85, differsBySeed: true },
      excess: 0.02,
      jumps: ['linf', 'l1'],
    },
  ],
  'apgd-t': [{ attack: apgdT({ steps: 5 }), options: { reach: 0.95, differsBySeed: true }, excess: 0.02 }],
  fab: [
    { attack: fab({ steps: 6 }), options: { reach: 0.95 }, excess: 0.02 },
    { attack: fab({ steps: 12, start: 'random' }), options: { reach: 0.95, differsBySeed: true } },
  ],
  'fab-t': [{ attack: fabT({ steps: 6 }), options: { reach: 0.95 }, excess: 0.02 }],
  deepfool: [{ attack: deepfool(), options: { reach: 0.97 }, excess: 0.03 }],
  cw: [
    {
      attack: cw({ steps: 40, searches: 3, learningRate: 0.02, initialWeight: 0.1 }),
      options: { reach: 0.85 },
      excess: 0.1,
    },
  ],
  ead: [
    {
      attack: ead({ steps: 30, searches: 3, initialWeight: 0.1 }),
      options: { norms: ['l1'], reach: 0.7 },
    },
    { attack: ead({ steps: 15, searches: 2, initialWeight: 0.1, rule: 'en' }), options: {} },
  ],
  ddn: [{ attack: ddn({ steps: 40, initialRadius: 0.1 }), options: { reach: 0.9 }, excess: 0.1 }],
  fmn: [{ attack: fmn({ steps: 25 }), options: { reach: 0.9 }, excess: 0.05, jumps: ['l1'] }],
  'sigma-zero': [{ attack: sigmaZero({ steps: 40 }), options: { reach: 0.7 } }],
  jsma: [
    { attack: jsma({ share: 1 }), options: {} },
    { attack: jsma({ change: -0.5, targets: 2, share: 0.5 }), options: {} },
  ],
  langevin: [
    { attack: langevin(), options: { reach: 0.85, differsBySeed: true } },
    {
      attack: langevin({ sampler: 'laplace', noise: 0.02 }),
      options: { reach: 0.7, differsBySeed: true },
      // In units of the gradient.
      inUnit: ({ scale }) => langevin({ sampler: 'laplace', noise: 0.02 / scale }),
    },
  ],
  square: [
    { attack: square({ queries: 25 }), options: { differsBySeed: true } },
    { attack: square({ queries: 10 }), options: { inputShape: [20] } },
    { attack: square({ queries: 10 }), options: { inputShape: [3, 7] } },
  ],
  spsa: [{ attack: spsa({ steps: 5, pairs: 20, learningRate: 0.05 }), options: { reach: 0.7, differsBySeed: true } }],
  nes: [{ attack: nes({ steps: 8, pairs: 20 }), options: { reach: 0.7, differsBySeed: true } }],
  simba: [
    { attack: simba({ queries: 60 }), options: { reach: 0.5, differsBySeed: true } },
    { attack: simba({ queries: 20, basis: 'dct' }), options: { differsBySeed: true } },
    { attack: simba({ queries: 12, basis: 'dct', lowest: 0.5 }), options: { norms: ['l2'], inputShape: [20] } },
  ],
  hopskipjump: [
    { attack: hopskipjump({ steps: 3, directions: 30, startTries: 10 }), options: { differsBySeed: true } },
  ],
  boundary: [{ attack: boundary({ steps: 30, startTries: 10 }), options: { differsBySeed: true } }],
  transfer: [
    {
      attack: transfer({ surrogate: otherModel(), attack: pgd({ steps: 5 }) }),
      options: { norms: ['linf', 'l2', 'l1'] },
      classes: 5,
      inUnit: (unit) => transfer({ surrogate: otherModel(unit), attack: pgd({ steps: 5 }) }),
    },
    {
      attack: transfer({ surrogate: otherModel(), attack: fmn({ steps: 10 }) }),
      options: { norms: ['l0'], maximizes: false },
      classes: 5,
      inUnit: (unit) => transfer({ surrogate: otherModel(unit), attack: fmn({ steps: 10 }) }),
    },
  ],
  autoattack: [
    {
      attack: autoattack({ steps: 3, queries: 4 }),
      options: { reach: 0.95, restarts: false, maximizes: false },
      excess: 0.02,
    },
    {
      attack: autoattack({ version: 'plus', steps: 3, queries: 3 }),
      options: { reach: 0.9, restarts: false, maximizes: false, norms: ['linf'], inputShape: [20] },
    },
  ],
};
