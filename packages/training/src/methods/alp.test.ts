import { testObjective } from '../../test/support/contracts.js';
import { testLoss } from '../../test/support/torch.js';
import { alp } from './alp.js';

testLoss('alp', alp);
testObjective(alp, {
  variants: { 'alp, squared and half clean': { weight: 0.5, squared: true, cleanShare: 0.5 } },
  refuses: [{ cleanShare: 2 }],
});
