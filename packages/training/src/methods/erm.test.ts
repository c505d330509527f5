import { testObjective } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { erm } from './erm.js';

testLoss('erm', erm);
testObjective(erm);
