import { testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { dale, pairsWith, testDaleLoss, testTenSteps } from '../test/support/dale.js';
import { klDaleMultiPd, klDaleMultiPdTrainer } from './kl-dale-multi-pd.js';

testDaleLoss('kl-dale-multi-pd', klDaleMultiPd, () => pairsWith(dale.values.points));
testObjective(klDaleMultiPd, {
  options: { samples: 3 },
  variants: { 'kl-dale-multi-pd of one point': { samples: 1, advbenchCompat: true } },
});
testTrainer(klDaleMultiPdTrainer);
testTenSteps('kl-dale-multi-pd', klDaleMultiPdTrainer);
