import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../../test/contract/contract.js';
import { convNet, outcomes } from '../../test/support/conv-net.js';
import { isAsStrongAs } from '../../test/support/hundred-examples.js';
import { tensorOf } from '../../test/support/smooth-net.js';
import { findNearest, walkAsPyTorch } from '../../test/support/walks.js';
import { holdsOneRound } from '../../test/support/rounds.js';
import { fabT } from './fab-t.js';
import { fab } from './fab.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(fabT, {
  rows: [{ attack: fabT({ steps: 6 }), reach: 0.95, excess: 0.02 }],
  eot: (eot) => fabT({ steps: 4, eot }),
});

holdsOneRound(fabT({ steps: 3, targets: 1 }), fabT({ steps: 3, targets: 4 }), 'linf', Infinity);

walkAsPyTorch('target');

findNearest([['fab-t', fabT({ steps: 30 }), 6e-3]]);

describe.each(['linf', 'l2', 'l1'] as const)('outcomes of PyTorch on a conv net in %s', (norm) => {
  const { closest } = outcomes.runs[norm];

  it('FAB-T: distances to a percent, and never clearly longer', async () => {
    const model = convNet();
    const attack = fabT({ steps: 12, targets: 2 });
    const found = await attack.run(model, tensorOf(outcomes.x), tensorOf(outcomes.y, 'int32'), {
      norm,
      epsilon: Infinity,
    });
    // The library also looks at the points after a step back, up to a tenth closer.
    found.closest.forEach((distance, i) => {
      expect(distance / closest[i]!).toBeLessThan(1.02);
      expect(distance / closest[i]!).toBeGreaterThan(0.9);
    });
  });
});

isAsStrongAs([['FAB-T', fabT({ steps: 8 }), fab({ steps: 8 }), 'linf']]);
