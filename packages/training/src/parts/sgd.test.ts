import { expect, it } from 'vitest';
import { testOptimizer } from '../../test/support/contracts.js';
import { testSteps } from '../../test/support/torch.js';
import { sgd } from './sgd.js';

testSteps('sgd', sgd);
testOptimizer(sgd, { options: { momentum: 0.9, nesterov: true, weightDecay: 1e-3 }, rate: 0.1 });

it.each([{ momentum: 1 }, { momentum: -0.1 }, { nesterov: true }, { weightDecay: -1 }, { momentun: 0.9 }])(
  'sgd refuses %j',
  (options) => {
    expect(() => sgd(options as object)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
  },
);
