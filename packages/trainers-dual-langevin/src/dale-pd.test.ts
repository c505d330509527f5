import { trainerContract } from '@advrob/core/testing';
import { adamw, awp, swa } from '@advrob/training';
import { suite, testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { testDaleLoss, testTenSteps } from '../test/support/dale.js';
import { dalePd, dalePdTrainer } from './dale-pd.js';

testDaleLoss('dale-pd', dalePd);
testObjective(dalePd, { variants: { 'dale-pd with all options': { rho: 0.4, dualStep: 0.5, nu: 0, maxNu: 2 } } });
testTrainer(dalePdTrainer, { options: { sampler: 'laplace', dualStep: 0.1 } });
suite(
  'trainer dale-pd with AdamW, AWP and SWA',
  trainerContract(() => ({
    ...dalePdTrainer(),
    optimizer: adamw(),
    transforms: [awp({ gamma: 0.01 })],
    averager: swa({ start: 0 }),
  })),
);
testTenSteps('dale-pd', dalePdTrainer);
