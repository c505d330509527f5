import type { Frame } from '../tensors/frame.js';

/** Iterations (out of 10,000) after which the area of the windows is halved. */
const halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/** Share of the image that the window of an iteration (0, 1, ...) covers (Andriushchenko et al. 2020, https://arxiv.org/abs/1912.00049, section 5). */
export function shareAt(iteration: number, initial: number): number {
  return initial / 2 ** halvings.filter((from) => iteration > from).length;
}

/** The iteration of the schedule for 10,000 that stands for `iteration` of `queries`. */
export function rescaled(iteration: number, queries: number): number {
  return Math.trunc((iteration / queries) * 10_000);
}

export interface WindowSize {
  readonly height: number;
  readonly width: number;
}

/**
 * A square of this share of the image, at least `least` wide; odd if wished. Where the image is lower than that, the window takes its whole height
 * and is as wide as the area asks (an image of one line gets an interval).
 */
export function windowSize(
  share: number,
  frame: Frame,
  { least, isOdd }: { least: number; isOdd: boolean },
): WindowSize {
  const side = (length: number): number => {
    const rounded = Math.max(roundHalfToEven(length), least);
    return isOdd && rounded % 2 === 0 ? rounded + 1 : rounded;
  };
  const area = share * frame.height * frame.width;
  const square = side(Math.sqrt(area));
  const [low, high] = [Math.min(frame.height, frame.width), Math.max(frame.height, frame.width)];
  const [short, long] = square <= low ? [square, square] : [low, Math.min(high, side(area / low))];
  return frame.height <= frame.width ? { height: short, width: long } : { height: long, width: short };
}

/** As Python's `round`. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
