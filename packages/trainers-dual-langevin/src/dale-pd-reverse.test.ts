import { testObjective, testTrainer } from '../../training/test/support/contracts.js';
import { testDaleLoss, testTenSteps } from '../test/support/dale.js';
import { dalePdReverse, dalePdReverseTrainer } from './dale-pd-reverse.js';

testDaleLoss('dale-pd-reverse', dalePdReverse);
testObjective(dalePdReverse, { options: { dualStep: 0.1 } });
testTrainer(dalePdReverseTrainer, { options: { stepSize: 0.05 } });
testTenSteps('dale-pd-reverse', dalePdReverseTrainer);
