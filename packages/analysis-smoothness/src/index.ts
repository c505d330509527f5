import { definePlugin } from '@advrob/core';
import { flatness } from './analyses/flatness.js';
import { linear } from './analyses/linear.js';
import { smoothness } from './analyses/smoothness.js';
import { surface } from './analyses/surface.js';

export { flatness, linear, smoothness, surface };
export type { LinearReport } from './analyses/linear.js';
export type { ArmMeasures, SmoothnessReport } from './analyses/smoothness-report.js';
export type { SurfaceReport } from './analyses/surface.js';
export type { Figure, Row, Table } from '@advrob/core/figure';
export { awpFlatness, type AwpIncrease } from './probes/flatness.js';
export { topEigenvalue, type EigenvalueOptions } from './probes/top-eigenvalue.js';
export {
  jumpLinf,
  linearLoss,
  linearPerturbation,
  lipschitzL2,
  type LinearAdversary,
  type LinearData,
  type LinearLoss,
} from './probes/linear-adversary.js';
export { linearDescent, type LinearDescent } from './probes/linear-adversary.js';
export { linearRatio, type LinearRatio, type LinearRatioOptions } from './probes/linear-ratio.js';
export { displacement } from './probes/displacement.js';
export { attacked, probeExamples, type Adversary, type ProbeExamples } from './probes/examples.js';
export { gradientPath, type GradientPath, type PathStep } from './probes/gradient-path.js';
export { inputFlatness, type InputFlatness } from './probes/flatness.js';
export { smoothnessRatio, type SmoothnessOptions, type SmoothnessPoint } from './probes/smoothness-ratio.js';
export { lossSurface, type SurfaceOptions, type SurfacePoint } from './probes/loss-surface.js';

export default definePlugin({
  name: '@advrob/analysis-smoothness',
  contract: 1,
  analyses: { smoothness, 'loss-surface': surface, flatness, 'linear-smoothness': linear },
});
