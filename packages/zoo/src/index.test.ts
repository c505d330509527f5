import { parseCard } from '@advrob/evaluation';
import { hashModel } from '@advrob/core/identity';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { cards, findCard, openModel } from './index.js';
import { loadZooModel, weightsOf } from './node.js';

beforeAll(() => tf.setBackend('cpu'));

describe.each(cards)('$name', (card) => {
  it('is what was measured, weight for weight', async () => {
    const { model, data } = parseCard(JSON.stringify(card.result));
    expect(`${data.name}/${model.name}`).toBe(card.name);
    const before = tf.memory().numTensors;
    const loaded = await loadZooModel(card.name);
    expect(await hashModel(loaded)).toBe(model.hash);
    loaded.dispose?.();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has its file, below a megabyte, and its configs', async () => {
    const path = await weightsOf(card.name);
    expect((await stat(path)).size).toBe(card.weights.bytes);
    expect(card.weights.bytes).toBeLessThan(1_000_000);
    for (const config of [card.training, card.evaluation])
      expect(existsSync(new URL(`../${config}`, import.meta.url))).toBe(true);
    expect(card.result.command).toContain(card.evaluation);
  });
});

it('the robust models keep most of what the plain one loses, in intervals that do not touch', () => {
  const [plain, ...robust] = cards.map(({ result }) => result.robust.interval);
  expect(robust.length).toBeGreaterThan(2);
  for (const [low] of robust) expect(low).toBeGreaterThan(plain![1]);
});

it('refuses bytes that are not those of the card', async () => {
  const card = findCard('mnist/standard');
  const bytes = Uint8Array.from(await readFile(await weightsOf(card.name)));
  bytes[bytes.length - 1]! ^= 1;
  expect(() => openModel(card, bytes)).toThrow(/ADVROB_FILE_DAMAGED/);
});

it('names what is near', () => {
  expect(() => findCard('mnist/pgdat')).toThrow(/did you mean mnist\/pgd-at.*ADVROB_MODEL_MISSING/);
});
