import { testObjective } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { clp } from './clp.js';

testLoss('clp', clp);
testObjective(clp);
