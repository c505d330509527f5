import { definePlugin } from '@advrob/core';
import { boundary } from './analyses/boundary.js';
import { orthogonalRobustness } from './analyses/orthogonal-robustness.js';
import { theory } from './analyses/theory.js';
import { orthogonal } from './attack/orthogonal.js';
import { chess } from './data/chess.js';
import { diagonal } from './data/diagonal.js';
import { subspace } from './data/subspace-points.js';

export { boundary, orthogonalRobustness, theory };
export { orthogonal, chess, diagonal, subspace };
export type { BoundaryReport, BoundaryRun } from './analyses/boundary-report.js';
export type { ExamplePoint, RobustnessReport } from './analyses/robustness-report.js';
export type { TheoryReport, TheoryRun } from './analyses/theory-report.js';
export { orthogonalThreat } from './attack/orthogonal-threat.js';
export { chessPoints, chessSubspace } from './data/chess.js';
export { diagonalPoints, diagonalSubspace } from './data/diagonal.js';
export type { Points } from './data/points.js';
export { projected } from './data/projected.js';
export { subspacePoints, type SubspacePointsOptions } from './data/subspace-points.js';
export type { Figure, Row, Table } from '@advrob/core/figure';
export { boundaryLines, type Segment } from './measure/boundary-lines.js';
export { flipDistances, type Flips, type FlipSearch } from './measure/flip-distance.js';
export { orthogonalGradient, type OrthogonalGradient } from './measure/orthogonal-gradient.js';
export { logLogSlope, slopeOf, summarize, type Summary } from './measure/statistics.js';
export { universalDirection } from './measure/universal-direction.js';
export { scaleOrthogonal } from './network/scale-orthogonal.js';
export { trainToMargin, type Descent, type DescentOptions } from './network/train-to-margin.js';
export { trainTwoLayer } from './network/train-two-layer.js';
export { deadInputs } from './subspace/dead-inputs.js';
export { principalComponents } from './subspace/principal-components.js';
export { randomSubspace } from './subspace/random-subspace.js';
export { complementDimension, projectAway, projectOnto, spanOf, withoutInputs } from './subspace/subspace.js';
export type { AxisSubspace, BasisSubspace, Subspace } from './subspace/subspace.js';
export {
  flipBound,
  orthogonalGradientBounds,
  shrinkage,
  type BoundsOptions,
  type GradientBounds,
} from './theory/bounds.js';
export { frozenChange } from './theory/frozen-components.js';
export { activeNeurons, theoryNetwork, type TheoryNetwork } from './theory/theory-network.js';
export {
  measureTheory,
  type MeasuredTheory,
  type MeasureTheoryOptions,
  type TheoryPoint,
} from './theory/measure-theory.js';
export { theoryDirection } from './theory/universal-direction.js';

export default definePlugin({
  name: '@advrob/analysis-subspace',
  contract: 1,
  analyses: {
    'orthogonal-robustness': orthogonalRobustness,
    'subspace-theory': theory,
    'subspace-boundary': boundary,
  },
  attacks: { orthogonal },
  datasets: { diagonal, chess, subspace },
});
