import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Attack } from '@advrob/core';
import { attackContract, type AttackContractOptions } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin, { apgdCe, apgdDlr, apgdT, autoattack, fab, fabT, fgsm, pgd, square } from '../src/index.js';

interface Row {
  readonly attack: Attack;
  readonly options: AttackContractOptions;
}

/** Every attack, with options small enough for a table. Adding an attack to the plugin without a row here fails. */
const table: Readonly<Record<keyof typeof plugin.attacks, readonly Row[]>> = {
  fgsm: [
    { attack: fgsm(), options: { reach: 0.85 } },
    { attack: fgsm({ start: 'uniform' }), options: { differsBySeed: true } },
  ],
  pgd: [
    { attack: pgd({ steps: 10 }), options: { reach: 0.85, differsBySeed: true } },
    { attack: pgd({ steps: 10, start: 'zero' }), options: { reach: 0.85 } },
    { attack: pgd({ steps: 10, start: 'tinygauss' }), options: { reach: 0.85 } },
  ],
  'apgd-ce': [{ attack: apgdCe({ steps: 10 }), options: { reach: 0.85, differsBySeed: true } }],
  'apgd-dlr': [{ attack: apgdDlr({ steps: 10 }), options: { reach: 0.85, differsBySeed: true } }],
  'apgd-t': [{ attack: apgdT({ steps: 10 }), options: { reach: 0.95, differsBySeed: true } }],
  fab: [
    { attack: fab({ steps: 10 }), options: { reach: 0.95 } },
    { attack: fab({ steps: 15, start: 'random' }), options: { reach: 0.95, differsBySeed: true } },
  ],
  'fab-t': [{ attack: fabT({ steps: 10 }), options: { reach: 0.95 } }],
  square: [
    { attack: square({ queries: 40 }), options: { differsBySeed: true } },
    { attack: square({ queries: 10 }), options: { inputShape: [20] } },
    { attack: square({ queries: 10 }), options: { inputShape: [3, 7] } },
  ],
  autoattack: [
    { attack: autoattack({ steps: 4, queries: 6 }), options: { reach: 0.95, restarts: false, maximizes: false } },
    {
      attack: autoattack({ version: 'plus', steps: 3, queries: 3 }),
      options: { reach: 0.9, restarts: false, maximizes: false, norms: ['linf'], inputShape: [20] },
    },
  ],
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('has a row for every registered attack', () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(plugin.attacks).sort());
});

for (const [name, rows] of Object.entries(table))
  for (const { attack, options } of rows)
    describe(`${name} ${JSON.stringify(attack.options)}`, () => {
      for (const check of attackContract(attack, options)) it(check.name, check.run);
    });
