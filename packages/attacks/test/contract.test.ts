import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { attackContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import plugin from '../src/index.js';
import { shortened, table } from './contract/table.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('has a row for every registered attack', () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(plugin.attacks).sort());
});

for (const [name, rows] of Object.entries(table))
  for (const { attack, options } of rows)
    describe(`${name} ${JSON.stringify(attack.options, shortened)}`, () => {
      for (const check of attackContract(attack, options)) it(check.name, check.run);
    });
