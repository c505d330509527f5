import { definePlugin } from '@advrob/core';
import { cvarPd } from './cvar-pd.js';
import { dalePdReverse, dalePdReverseTrainer } from './dale-pd-reverse.js';
import { dalePd, dalePdTrainer } from './dale-pd.js';
import { dale, gaussianDaleTrainer, laplacianDaleTrainer } from './dale.js';
import { klDaleMultiPd, klDaleMultiPdTrainer } from './kl-dale-multi-pd.js';
import { klDalePd, klDalePdTrainer } from './kl-dale-pd.js';
import { plainLangevin } from './plain-langevin.js';
import { randSmoothingTrainer } from './rand-smoothing.js';

export { primalDual, type ConstrainedLosses, type ConstrainedProblem } from './primal-dual.js';
export { cvarPd, dale, dalePd, dalePdReverse, klDaleMultiPd, klDalePd, plainLangevin };
export { dalePdReverseTrainer, dalePdTrainer, gaussianDaleTrainer, klDaleMultiPdTrainer, klDalePdTrainer };
export { laplacianDaleTrainer, randSmoothingTrainer };

export default definePlugin({
  name: '@advrob/trainers-dual-langevin',
  contract: 1,
  attacks: { 'plain-langevin': plainLangevin },
  objectives: {
    dale,
    'dale-pd': dalePd,
    'dale-pd-reverse': dalePdReverse,
    'kl-dale-pd': klDalePd,
    'kl-dale-multi-pd': klDaleMultiPd,
    'cvar-pd': cvarPd,
  },
  trainers: {
    'gaussian-dale': gaussianDaleTrainer,
    'laplacian-dale': laplacianDaleTrainer,
    'dale-pd': dalePdTrainer,
    'dale-pd-reverse': dalePdReverseTrainer,
    'kl-dale-pd': klDalePdTrainer,
    'kl-dale-multi-pd': klDaleMultiPdTrainer,
    'rand-smoothing': randSmoothingTrainer,
  },
});
