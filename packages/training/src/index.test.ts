import { describe, expect, it } from 'vitest';
import { isTested, missingPieces, piecesOf } from '../test/support/pieces.js';
import { losses } from '../test/support/torch.js';
import * as exported from './index.js';

const { default: plugin } = exported;
const root = new URL('..', import.meta.url);
const pieces = piecesOf(root);

it('every part of the plugin has its row above', () => {
  const missing = missingPieces(root, plugin, exported);
  if (missing.length > 0) expect.fail(missing.join('\n'));
});

it('every recipe has its row', () => {
  for (const piece of pieces)
    if (piece.kind === 'Trainer')
      expect(
        isTested(piece, 'published'),
        `trainer '${piece.name}' has no learning rates of its paper: add \`published\` to testTrainer(${piece.constant}) in ${piece.source.replace('.ts', '.test.ts')}`,
      ).toBe(true);
});

describe("losses, terms and gradients are PyTorch's", () => {
  it('covers every objective with a loss of its own', () => {
    const tested = [...new Set(losses.cases.map(({ objective }) => objective))];
    for (const { kind, name, constant, test, source } of pieces)
      if (kind === 'Objective')
        expect(
          tested.includes(name) ? /testLoss\(/.test(test) : /lossOf: '/.test(test),
          `objective '${name}' is not compared with PyTorch: call testLoss('${name}', ${constant}) in ${source.replace('.ts', '.test.ts')}`,
        ).toBe(true);
    // kd-at takes models, so the plugin does not have it.
    const named = Object.keys(plugin.objectives);
    expect(tested.filter((name) => !named.includes(name))).toEqual(['kd-at']);
  });
});

it('has every name that the literature gives to its parts', () => {
  const names = 'erm fgsm-at free pgd-at trades mart alp clp term cvar smoothadv gaussian macer kd'.split(' ');
  expect(Object.keys(plugin.objectives)).toEqual(expect.arrayContaining(names));
  expect(Object.keys(plugin.optimizers)).toEqual(expect.arrayContaining(['sgd', 'adam', 'adamw']));
  expect([...Object.keys(plugin.transforms), ...Object.keys(plugin.averagers)]).toEqual(
    expect.arrayContaining(['awp', 'swa', 'ema']),
  );
});
