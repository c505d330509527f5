import { definePlugin } from '@advrob/core';
import { boundary } from './analyses/boundary.js';
import { orthogonalRobustness } from './analyses/orthogonal-robustness.js';
import { theory } from './analyses/theory.js';
import { orthogonal } from './orthogonal.js';

export { boundary, orthogonalRobustness, theory };
export { orthogonal };
export type { BoundaryReport, BoundaryRun } from './analyses/boundary-report.js';
export type { RobustnessReport } from './analyses/robustness-report.js';
export type { TheoryReport, TheoryRun } from './analyses/theory-report.js';
export type { Figure, Row, Table } from '@advrob/core/figure';
export { type Segment } from './measure/boundary-lines.js';
export { flipDistances, type Flips, type FlipSearch } from './measure/flip-distance.js';
export { orthogonalGradient, type OrthogonalGradient } from './measure/orthogonal-gradient.js';
export { logLogSlope, slopeOf } from '@advrob/core/statistics';
export { summarize, type Summary } from './measure/statistics.js';
export { universalDirection } from './measure/orthogonal-gradient.js';
export { scaleOrthogonal } from './network/scale-orthogonal.js';
export { trainToMargin, type Descent, type DescentOptions } from './network/train-to-margin.js';
export { trainTwoLayer } from './network/train-two-layer.js';
// The subspaces and the data on them are in @advrob/datasets; they go with everything here.
export {
  chess,
  chessPoints,
  chessSubspace,
  complementDimension,
  deadInputs,
  diagonal,
  diagonalPoints,
  diagonalSubspace,
  principalComponents,
  projectAway,
  projected,
  projectOnto,
  randomSubspace,
  spanOf,
  subspace,
  subspacePoints,
  withoutInputs,
  type AxisSubspace,
  type BasisSubspace,
  type Points,
  type Subspace,
  type SubspacePointsOptions,
} from '@advrob/datasets';
export {
  flipBound,
  orthogonalGradientBounds,
  shrinkage,
  type BoundsOptions,
  type GradientBounds,
} from './theory/bounds.js';
export { frozenChange } from './theory/theory-network.js';
export { activeNeurons, theoryNetwork, type TheoryNetwork } from './theory/theory-network.js';
export {
  measureTheory,
  type MeasuredTheory,
  type MeasureTheoryOptions,
  type TheoryPoint,
} from './theory/measure-theory.js';
export { theoryDirection } from './theory/theory-network.js';

export default definePlugin({
  name: '@advrob/analysis-subspace',
  contract: 1,
  analyses: {
    'orthogonal-robustness': orthogonalRobustness,
    'subspace-theory': theory,
    'subspace-boundary': boundary,
  },
  attacks: { orthogonal },
});
