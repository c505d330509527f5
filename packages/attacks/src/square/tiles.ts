import type { RowRandom } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Frame } from '../shared/images.js';
import { bump, sidewaysBump, type BumpShape } from './bump-moves.js';
import { drawSigns } from './windows.js';

/** One axis of the grid of tiles: five tiles, in the middle. */
interface Axis {
  readonly offset: number;
  readonly tile: number;
  readonly count: number;
  readonly length: number;
}

function axisOf(length: number): Axis {
  const tile = Math.max(1, Math.floor(length / 5));
  const offset = Math.max(0, Math.floor((length - 5 * tile) / 2));
  return { offset, tile, count: Math.floor((length - offset) / tile), length };
}

/**
 * The changes [n, h, w, c] that Square starts from in L2 and L1: a grid of bumps, each upright or
 * sideways, with a sign per channel.
 */
export function tiledBumps(rng: RowRandom, frame: Frame, shape: BumpShape): Tensor {
  const [down, across] = [axisOf(frame.height), axisOf(frame.width)];
  const grid = [down.count, across.count];
  const signs = overTiles(drawSigns(rng, 'tile sign', [...grid, frame.channels]), down, across);
  const isSideways = overTiles(drawSigns(rng, 'tile side', [...grid, 1]), down, across);
  const size = { height: down.tile, width: across.tile };
  const [upright, sideways] = [bump(size, shape), sidewaysBump(size, shape)].map((pattern) =>
    tf.reshape(tf.tile(tf.tensor2d(pattern.map((row) => [...row])), [down.count, across.count]), [
      1,
      down.count * down.tile,
      across.count * across.tile,
      1,
    ]),
  );
  const changes = tf.mul(tf.where(tf.greater(isSideways, 0), sideways!, upright!), signs);
  const after = ({ offset, tile, count, length }: Axis): [number, number] => [offset, length - offset - tile * count];
  return tf.pad(changes, [[0, 0], after(down), after(across), [0, 0]]);
}

/** One value per tile [n, ty, tx, c] to one per pixel of the tiles [n, ty * h, tx * w, c]. */
function overTiles(values: Tensor, down: Axis, across: Axis): Tensor {
  const [n, channels] = [values.shape[0]!, values.shape[3]!];
  const apart = tf.reshape(values, [n, down.count, 1, across.count, channels]);
  const high = tf.reshape(tf.tile(apart, [1, 1, down.tile, 1, 1]), [
    n,
    down.count * down.tile,
    across.count,
    1,
    channels,
  ]);
  const wide = tf.tile(high, [1, 1, 1, across.tile, 1]);
  return tf.reshape(wide, [n, down.count * down.tile, across.count * across.tile, channels]);
}
