import { contractOf } from '../../test/contract/contract.js';
import { isAsStrongAs } from '../../test/support/hundred-examples.js';
import { holdsOneRound } from '../../test/support/rounds.js';
import { apgdCe } from './apgd-ce.js';
import { apgdT } from './apgd-t.js';

contractOf(apgdT, {
  rows: [{ attack: apgdT({ steps: 5 }), reach: 0.95, differsBySeed: true, excess: 0.02 }],
  eot: (eot) => apgdT({ steps: 4, eot }),
});

holdsOneRound(apgdT({ steps: 3, targets: 1 }), apgdT({ steps: 3, targets: 4 }), 'linf', 1e-5);

isAsStrongAs([
  ['APGD-T', apgdT({ steps: 20 }), apgdCe({ steps: 20 }), 'linf'],
  ['APGD-T', apgdT({ steps: 20 }), apgdCe({ steps: 20 }), 'l2'],
  ['APGD-T', apgdT({ steps: 10 }), apgdCe({ steps: 10 }), 'l1'],
]);
