import { contractOf } from '../../test/contract/contract.js';
import { isAsStrongWithTargets } from '../../test/support/hundred-examples.js';
import { apgdCe } from './apgd-ce.js';

// The steps of PyTorch are those of the climb: climb.test.ts.
contractOf(apgdCe, {
  rows: [{ attack: apgdCe({ steps: 10 }), reach: 0.85, differsBySeed: true, excess: 0.02, jumps: ['l1'] }],
  eot: (eot) => apgdCe({ steps: 4, eot }),
});

isAsStrongWithTargets(apgdCe({ steps: 10 }), 'l2');
