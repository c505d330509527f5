import { testOptimizer } from '../../test/support/contracts.js';
import { testSteps } from '../../test/support/torch.js';
import { adam, adamw } from './adam.js';

testSteps('adam', adam);
testSteps('adamw', adamw);
testOptimizer(adam, { options: { weightDecay: 1e-3 }, rate: 0.03 });
testOptimizer(adamw, { rate: 0.03 });
