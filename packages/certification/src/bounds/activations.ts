import type { Activation } from '@advrob/models/layer-graph';
import { roundDown, roundUp } from './rounding.js';

/**
 * Which lower slope a piece of two lines gets where both are possible: `adaptive` the one of the
 * longer side, `zero` the smaller, `one` the larger, `same` that of the upper line (Fast-Lin).
 */
export type Slopes = 'adaptive' | 'zero' | 'one' | 'same';

/** Lines with `lowSlope` z + lowShift <= s(z) <= `highSlope` z + highShift on an interval. */
export interface Lines {
  lowSlope: number;
  lowShift: number;
  highSlope: number;
  highShift: number;
}

/** A function as its lines are found. */
interface Curve {
  value(z: number): number;
  /** Where its slope jumps. */
  readonly kinks: readonly number[];
  /** Where its slope is `slope`, as far as it is smooth. */
  touching(slope: number): readonly number[];
  /** Any slopes are sound; these are good ones. The bounds are finite, and l < u. */
  slopes(l: number, u: number, wanted: Slopes): readonly [low: number, high: number];
}

/** Slopes of the lower line through the origin that are sound on an interval around 0. */
export function freeSlopes(activation: Activation): readonly [low: number, high: number] | undefined {
  if (activation.kind === 'relu') return [0, 1];
  if (activation.kind === 'abs') return [-1, 1];
  return activation.kind === 'leakyRelu' ? [Math.fround(activation.slope), 1] : undefined;
}

/**
 * The lines of Zhang et al. 2018 (https://arxiv.org/abs/1811.00866) around a function on [l, u]. A
 * slope may be any number: its line is moved by the extreme of s(z) - slope z, which lies at an end,
 * at a kink or where the slope is that of the function. So rounding of the slope costs nothing, and
 * the shift is rounded outward. Infinite bounds give lines that are sound, and useless.
 */
export function linesAround(activation: Activation, l: number, u: number, wanted: Slopes): Lines {
  const curve = curveOf(activation);
  const exact = { lowSlope: 0, lowShift: 0, highSlope: 0, highShift: 0 };
  if (!(Number.isFinite(l) && Number.isFinite(u))) return { ...exact, lowShift: -Infinity, highShift: Infinity };
  const isPoint = !(u > l);
  const [low, high] = isPoint ? [0, 0] : curve.slopes(l, u, wanted).map(Math.fround);
  const at = isPoint && curve.kinks.length > 0 ? pieceAt(curve, l) : undefined;
  const [lowSlope, highSlope] = at === undefined ? [low!, high!] : [at, at];
  return {
    lowSlope,
    lowShift: roundDown(-furthest(curve, lowSlope, l, u, -1)),
    highSlope,
    highShift: roundUp(furthest(curve, highSlope, l, u, 1)),
  };
}

/** The slope of a function of pieces next to a point. */
function pieceAt({ value, kinks }: Curve, z: number): number | undefined {
  if (kinks.some((kink) => kink === z)) return undefined;
  const nearest = Math.min(1, ...kinks.map((kink) => Math.abs(kink - z) / 2));
  return Math.fround((value(z + nearest) - value(z)) / nearest);
}

/** The largest of sign (s(z) - slope z) on [l, u], made larger by what float64 may lose. */
function furthest({ value, kinks, touching }: Curve, slope: number, l: number, u: number, sign: 1 | -1): number {
  let most = -Infinity;
  for (const z of [l, u, ...kinks, ...touching(slope)]) {
    if (!(z >= l && z <= u)) continue;
    const [s, line] = [value(z), slope * z];
    most = Math.max(most, sign * (s - line) + (Math.abs(s) + Math.abs(line)) * 2 ** -49);
  }
  return most;
}

/** Sides that are the same but for rounding are none the longer one. */
const isLonger = (a: number, b: number): boolean => a > b * (1 + 1e-5);

const none = (): readonly number[] => [];

/** max(small z, z) for a slope below 1, from which others are made. */
function twoLines(small: number): Curve {
  return {
    value: (z) => (z >= 0 ? z : small * z),
    kinks: [0],
    touching: none,
    slopes(l, u, wanted) {
      if (l >= 0) return [1, 1];
      if (u <= 0) return [small, small];
      const chord = (u - small * l) / (u - l);
      const low = { adaptive: isLonger(u, -l) ? 1 : small, zero: Math.max(small, 0), one: 1, same: chord };
      return [low[wanted], chord];
    },
  };
}

function clipCurve(min: number, max: number): Curve {
  const value = (z: number): number => Math.min(max, Math.max(min, z));
  return {
    value,
    kinks: [min, max].filter(Number.isFinite),
    touching: none,
    slopes(l, u, wanted) {
      if (u <= min || l >= max) return [0, 0];
      const [isLow, isHigh] = [l < min, u > max];
      if (!isLow && !isHigh) return [1, 1];
      const chord = (value(u) - value(l)) / (u - l);
      if (!isHigh) {
        const low = { adaptive: isLonger(u - min, min - l) ? 1 : 0, zero: 0, one: 1, same: chord };
        return [low[wanted], chord];
      }
      if (!isLow) return [chord, max - l > u - max ? 1 : 0];
      const low = { adaptive: (max - min) / (u - min), zero: 0, one: (max - min) / (u - min), same: chord };
      return [low[wanted], (max - min) / (max - l)];
    },
  };
}

/** A convex function: the chord above, a tangent below. */
function convex(value: (z: number) => number, slope: (z: number) => number, touching: Curve['touching']): Curve {
  return {
    value,
    kinks: [],
    touching,
    slopes: (l, u, wanted) => [wanted === 'zero' ? 0 : slope((l + u) / 2), (value(u) - value(l)) / (u - l)],
  };
}

/** A function that is convex below 0 and concave above, odd but for a constant. */
function sigmoidal(value: (z: number) => number, slope: (z: number) => number, touching: Curve['touching']): Curve {
  /** Where the tangent meets the curve at the far end, on the side where it is above it. */
  const tangentAt = (l: number, u: number): number => {
    let [near, far] = [0, u];
    for (let i = 0; i < 60; i++) {
      const t = (near + far) / 2;
      if (slope(t) * (t - l) <= value(t) - value(l)) far = t;
      else near = t;
    }
    return slope(far);
  };
  const above = (l: number, u: number): number => {
    const chord = (value(u) - value(l)) / (u - l);
    if (l >= 0) return slope((l + u) / 2);
    return u <= 0 || slope(u) >= chord ? chord : tangentAt(l, u);
  };
  return {
    value,
    kinks: [],
    touching,
    // The lower line is the upper one of the function turned around: slopes are even.
    slopes: (l, u, wanted) => [wanted === 'zero' ? 0 : above(-u, -l), above(l, u)],
  };
}

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const both = (z: number): number[] => (Number.isFinite(z) ? [z, -z] : []);
const finite = (z: number): number[] => (Number.isFinite(z) ? [z] : []);

const curves = {
  relu: twoLines(0),
  abs: {
    ...twoLines(-1),
    slopes: (l: number, u: number, wanted: Slopes): readonly [number, number] =>
      wanted === 'zero' && l < 0 && u > 0 ? [0, (u + l) / (u - l)] : twoLines(-1).slopes(l, u, wanted),
  },
  sigmoid: sigmoidal(
    sigmoid,
    (z) => sigmoid(z) * sigmoid(-z),
    (slope) => (slope > 0 && slope < 0.25 ? both(2 * Math.atanh(Math.sqrt(1 - 4 * slope))) : [0]),
  ),
  tanh: sigmoidal(
    Math.tanh,
    (z) => 1 / Math.cosh(z) ** 2,
    (slope) => (slope > 0 && slope < 1 ? both(Math.atanh(Math.sqrt(1 - slope))) : [0]),
  ),
  elu: convex(
    (z) => (z >= 0 ? z : Math.expm1(z)),
    (z) => (z >= 0 ? 1 : Math.exp(z)),
    (slope) => (slope > 0 && slope < 1 ? finite(Math.log(slope)) : slope === 1 ? [0] : []),
  ),
  softplus: convex(
    (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
    sigmoid,
    (slope) => (slope > 0 && slope < 1 ? finite(Math.log(slope) - Math.log1p(-slope)) : []),
  ),
} satisfies Record<string, Curve>;

const made = new WeakMap<Activation, Curve>();

function curveOf(activation: Activation): Curve {
  if (activation.kind !== 'leakyRelu' && activation.kind !== 'clip') return curves[activation.kind];
  let curve = made.get(activation);
  if (curve === undefined) {
    curve =
      activation.kind === 'clip'
        ? clipCurve(Math.fround(activation.min), Math.fround(activation.max))
        : twoLines(Math.fround(activation.slope));
    made.set(activation, curve);
  }
  return curve;
}

/** Whether a function is no line on [l, u]: then a tighter interval gives tighter lines. */
export function isLoose(activation: Activation, l: number, u: number): boolean {
  if (activation.kind === 'clip') {
    const [min, max] = [Math.fround(activation.min), Math.fround(activation.max)];
    return (l < min && u > min) || (l < max && u > max);
  }
  return curveOf(activation).kinks.length > 0 ? l < 0 && u > 0 : u > l;
}
