import { contractOf } from '../../test/contract/contract.js';
import { isAsStrongWithTargets } from '../../test/support/hundred-examples.js';
import { apgdDlr } from './apgd-dlr.js';

contractOf(apgdDlr, {
  rows: [
    // Where the label is third the gradient is 0, so that in Linf a step takes the signs of
    // rounding errors.
    { attack: apgdDlr({ steps: 10 }), reach: 0.85, differsBySeed: true, excess: 0.02, jumps: ['linf', 'l1'] },
  ],
  eot: (eot) => apgdDlr({ steps: 4, eot }),
});

isAsStrongWithTargets(apgdDlr({ steps: 10 }), 'linf');
