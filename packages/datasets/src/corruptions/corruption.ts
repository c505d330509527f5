/** Height, width and number of channels, 1 or 3. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** One image to be corrupted. */
export interface Picture extends PictureSize {
  /** Row-major [height, width, channels], from 0 to 1. */
  readonly values: Float64Array;
}

/** Random numbers that one example needs: uniform in [0, 1), or standard normal. */
export interface Draw {
  readonly kind: 'uniform' | 'normal';
  readonly count: number;
}

/** Random numbers by the names that {@link Corruption.draws} gave them. */
export type Draws = Readonly<Record<string, ArrayLike<number>>>;

/**
 * The parameters of five severities for small images (those of CIFAR-10-C) and large ones
 * (ImageNet-C).
 */
export interface Levels<L> {
  readonly small: readonly [L, L, L, L, L];
  readonly large: readonly [L, L, L, L, L];
}

/** A corruption as its file defines it, with parameters of type `L`. */
export interface CorruptionDefinition<L> {
  readonly levels: Levels<L>;
  /** What is drawn for one example; nothing when left out. */
  draws?(size: PictureSize, level: L): Readonly<Record<string, Draw>>;
  /**
   * The corrupted image in levels of 0 to 255, not yet clipped nor made whole. The picture is left
   * as it is.
   */
  apply(picture: Picture, level: L, draws: Draws): Float64Array;
}

export type Scale = keyof Levels<unknown>;

/** A corruption at one severity. */
export interface Corruption {
  draws(size: PictureSize): Readonly<Record<string, Draw>>;
  apply(picture: Picture, draws: Draws): Float64Array;
}

/** Makes a corruption out of its definition. */
export function corruption<L>(definition: CorruptionDefinition<L>) {
  return (severity: 1 | 2 | 3 | 4 | 5, scale: Scale): Corruption => {
    const level = definition.levels[scale][severity - 1]!;
    return {
      draws: (size) => definition.draws?.(size, level) ?? {},
      apply: (picture, draws) => definition.apply(picture, level, draws),
    };
  };
}

/** Number of values of a picture. */
export function countOf({ height, width, channels }: PictureSize): number {
  return height * width * channels;
}
