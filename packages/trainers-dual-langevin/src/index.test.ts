import { describe, expect, it } from 'vitest';
import { missingPieces } from '../../training/test/support/pieces.js';
import { dale } from '../test/support/dale.js';
import * as exported from './index.js';

const { default: plugin } = exported;

it('every part of the plugin has its row above', () => {
  const missing = missingPieces(new URL('..', import.meta.url), plugin, exported);
  if (missing.length > 0) expect.fail(missing.join('\n'));
});

describe("losses, terms and gradients are PyTorch's", () => {
  it('of every objective', () => {
    const todo = 'add cases to tooling/oracle/training/dale.py';
    expect(new Set(dale.cases.map(({ objective }) => objective)), todo).toEqual(
      new Set(Object.keys(plugin.objectives)),
    );
  });
});

describe('ten steps with sampler, SGD and dual variable follow PyTorch', () => {
  it('of every trainer but SmoothAdv, whose parts are tested with them', () => {
    const tested = new Set(dale.runs.map(({ trainer }) => trainer));
    const named = Object.keys(plugin.trainers).filter((name) => name !== 'rand-smoothing');
    expect([...tested].sort(), 'add runs to tooling/oracle/training/dale.py').toEqual(named.sort());
  });
});
