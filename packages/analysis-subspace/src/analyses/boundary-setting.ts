import {
  chessPoints,
  chessSubspace,
  diagonalPoints,
  diagonalSubspace,
  type Points,
  type Subspace,
} from '@advrob/datasets';

/** One arm: how the network starts, and how it is regularised. */
export interface Arm {
  readonly name: string;
  /** Factor on the initial matrices of both layers; biases stay. */
  readonly initScale: number;
  readonly weightDecay: number;
}

/** One of the two experiments, as the official code of Melamed et al. 2023 runs it. */
export interface BoundarySetting {
  readonly points: Points;
  readonly subspace: Subspace;
  /** Unit normal of the data. */
  readonly normal: readonly number[];
  readonly width: number;
  readonly initializer: 'normal' | 'pytorch';
  readonly learningRate: number;
  readonly maxSteps: number;
  readonly arms: readonly Arm[];
}

const normal = { name: 'normal', initScale: 1, weightDecay: 0 };

/**
 * `diagonal` is Figure 2, `chess` Figure 3. Strengths of the arms are not stated in the code's
 * defaults: these are in the range that still fits.
 */
export const boundarySettings: Readonly<Record<'diagonal' | 'chess', BoundarySetting>> = {
  diagonal: {
    points: diagonalPoints(),
    subspace: diagonalSubspace,
    normal: [Math.SQRT1_2, -Math.SQRT1_2],
    width: 100,
    initializer: 'normal',
    learningRate: 0.02,
    maxSteps: 40_000,
    arms: [
      normal,
      { name: 'small initialisation', initScale: 1 / 2, weightDecay: 0 },
      { name: 'weight decay', initScale: 1, weightDecay: 3e-3 },
    ],
  },
  chess: {
    points: chessPoints(),
    subspace: chessSubspace,
    normal: [0, 0, 1],
    width: 400,
    initializer: 'pytorch',
    learningRate: 0.05,
    maxSteps: 100_000,
    arms: [
      normal,
      { name: 'small initialisation', initScale: 1 / 1.5, weightDecay: 0 },
      { name: 'weight decay', initScale: 1, weightDecay: 3e-4 },
    ],
  },
};
