import { testObjective } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { term } from './term.js';

testLoss('term', term);
testObjective(term, { variants: { 'term, negative tilt': { tilt: -2 } }, refuses: [{ tilt: 0 }] });
