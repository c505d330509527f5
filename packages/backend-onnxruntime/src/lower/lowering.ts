import { padRank, sameShape } from '../ir/shape.js';
import type { NumericType, Shape, Value } from '../ir/value.js';
import { blockedDomain, GraphBuilder } from '../onnx/builder.js';

/**
 * How a 4-D array lies in memory: as tfjs has it (NHWC), channels first (NCHW), or in ONNX
 * Runtime's channel-blocked form (NCHWc: 4-D shape NCHW, memory [N, C/block, H, W, block]).
 */
export type Layout = 'tfjs' | 'channelsFirst' | 'blocked';

type Forms = Partial<Record<Layout, string>>;

/**
 * The state of lowering one recorded graph: the ONNX graph so far and the forms every value already
 * has in it.
 */
export class Lowering {
  readonly graph = new GraphBuilder();
  private readonly forms = new Map<Value, Forms>();
  private readonly scalars = new Map<Value, string>();
  /**
   * The 5-D name of a blocked array by its 4-D name, so that chains of ops do not reshape back and
   * forth.
   */
  private readonly fiveAxes = new Map<string, string>();
  /** The name without its last axes by the whole one's, for arrays computed without them. */
  private readonly shortened = new Map<string, { readonly short: string; readonly count: number }>();

  constructor(
    /** Channels per block of the blocked layout; 0 where it must not be used. */
    readonly blockSize: number,
    /** True: a value's bits must not depend on what else is in its graph. */
    readonly isolated: boolean,
    /** Whether the graph runs on a GPU, whose provider lacks some forms of ops or computes them wrongly. */
    readonly onDevice = false,
  ) {}

  provide(value: Value, layout: Layout, name: string): void {
    const forms = this.forms.get(value);
    if (forms) forms[layout] = name;
    else this.forms.set(value, { [layout]: name });
  }

  /** A one-element input or constant standing for a splat. */
  provideScalar(value: Value, name: string): void {
    this.scalars.set(value, name);
  }

  has(value: Value, layout: Layout): boolean {
    return this.forms.get(value)?.[layout] !== undefined;
  }

  isScalar(value: Value): boolean {
    return this.scalars.has(value);
  }

  /** The name of a rank-0 array with the splat's number. */
  scalar(value: Value): string {
    return this.scalars.get(value)!;
  }

  /** The name of `value` in `layout`, converting once when it has only other forms. */
  form(value: Value, layout: Layout): string {
    const known = this.forms.get(value)?.[layout];
    if (known !== undefined) return known;
    if (!this.forms.has(value)) {
      const full = this.graph.emit('Expand', [this.scalar(value), this.graph.indices(value.shape)]);
      this.provide(value, 'tfjs', full);
      if (layout === 'tfjs') return full;
    }
    const name = convert(this, value, this.forms.get(value)!, layout);
    this.provide(value, layout, name);
    return name;
  }

  /** `value` as tfjs lays it out: the usual form of everything that is not an image. */
  plain(value: Value): string {
    return this.form(value, 'tfjs');
  }

  canBlock(value: Value): boolean {
    return (
      this.blockSize > 0 &&
      value.shape.length === 4 &&
      value.shape[3]! % this.blockSize === 0 &&
      value.dtype === 'float32'
    );
  }

  /** A blocked array with its block as fifth axis. */
  fiveOf(name: string, shape: Shape): string {
    const known = this.fiveAxes.get(name);
    if (known !== undefined) return known;
    const [n, h, w, c] = shape as [number, number, number, number];
    const five = this.graph.reshape(name, [n, c / this.blockSize, h, w, this.blockSize]);
    this.fiveAxes.set(name, five);
    return five;
  }

  /** The 4-D name of a blocked array computed with five axes. `shape` is the tfjs shape. */
  fourOf(five: string, shape: Shape): string {
    const [n, h, w, c] = shape as [number, number, number, number];
    const name = this.graph.reshape(five, [n, c, h, w]);
    this.fiveAxes.set(name, five);
    return name;
  }

  /** An array of `shape` without its last `count` axes, all of extent one. */
  withoutLast(name: string, shape: Shape, count: number): string {
    const known = this.shortened.get(name);
    if (known?.count === count) return known.short;
    return this.graph.reshape(name, shape.slice(0, Math.max(0, shape.length - count)));
  }

  /** The array of `shape` whose name without its last `count` axes of extent one is `short`. */
  withLast(short: string, shape: Shape, count: number): string {
    const name = this.graph.reshape(short, shape);
    this.shortened.set(name, { short, count });
    return name;
  }

  /**
   * `value` broadcast-ready for a result of shape `result` in `layout` (`blocked` with five axes
   * when `five`).
   */
  operand(value: Value, result: Shape, layout: Layout, five: boolean): string {
    if (this.isScalar(value)) return this.scalar(value);
    if (layout === 'tfjs') return this.plain(value);
    if (
      sameShape(value.shape, result) ||
      (value.shape.length === 4 && value.shape[1]! * value.shape[2]! > 1 && value.shape[3]! > 1)
    ) {
      const name = this.form(value, layout);
      return five ? this.fiveOf(name, value.shape) : name;
    }
    const [n, h, w, c] = padRank(value.shape, 4) as [number, number, number, number];
    const block = this.blockSize;
    if (c === 1) return this.graph.reshape(this.plain(value), five ? [n, 1, h, w, 1] : [n, 1, h, w]);
    if (h * w === 1) return this.graph.reshape(this.plain(value), five ? [n, c / block, 1, 1, block] : [n, c, 1, 1]);
    const nchw = this.graph.transpose(this.graph.reshape(this.plain(value), [n, h, w, c]), [0, 3, 1, 2]);
    if (!five) return nchw;
    return this.graph.transpose(this.graph.reshape(nchw, [n, c / block, block, h, w]), [0, 1, 3, 4, 2]);
  }

  cast(name: string, type: NumericType | 'float64' | 'int64'): string {
    return this.graph.emit('Cast', [name], { to: castTargets[type] });
  }
}

const castTargets = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

/** Emits the conversion of a 4-D value from the best of its forms to `target`. */
function convert(lowering: Lowering, value: Value, forms: Forms, target: Layout): string {
  const { graph } = lowering;
  const [n, h, w, c] = value.shape as [number, number, number, number];
  // With one pixel all three layouts are the same bytes; with one channel, NHWC and NCHW are.
  const isSameBytes = h * w === 1;
  switch (target) {
    case 'tfjs': {
      if (forms.channelsFirst !== undefined && (isSameBytes || c === 1 || forms.blocked === undefined)) {
        if (isSameBytes || c === 1) return graph.reshape(forms.channelsFirst, value.shape);
        return graph.transpose(forms.channelsFirst, [0, 2, 3, 1]);
      }
      if (isSameBytes) return graph.reshape(forms.blocked!, value.shape);
      if (value.dtype === 'float32')
        return graph.emit('ReorderOutput', [forms.blocked!], { channels: c, channels_last: 1 }, blockedDomain);
      return graph.reshape(graph.transpose(lowering.fiveOf(forms.blocked!, value.shape), [0, 2, 3, 1, 4]), value.shape);
    }
    case 'channelsFirst': {
      if (forms.tfjs !== undefined && (isSameBytes || c === 1 || forms.blocked === undefined)) {
        if (isSameBytes || c === 1) return graph.reshape(forms.tfjs, [n, c, h, w]);
        return graph.transpose(forms.tfjs, [0, 3, 1, 2]);
      }
      if (isSameBytes) return graph.reshape(forms.blocked!, [n, c, h, w]);
      if (value.dtype === 'float32')
        return graph.emit('ReorderOutput', [forms.blocked!], { channels: c }, blockedDomain);
      return graph.reshape(graph.transpose(lowering.fiveOf(forms.blocked!, value.shape), [0, 1, 4, 2, 3]), [
        n,
        c,
        h,
        w,
      ]);
    }
    case 'blocked': {
      if (isSameBytes) return graph.reshape((forms.channelsFirst ?? forms.tfjs)!, [n, c, h, w]);
      if (value.dtype !== 'float32') {
        const block = lowering.blockSize;
        const five = graph.reshape(lowering.plain(value), [n, h, w, c / block, block]);
        return lowering.fourOf(graph.transpose(five, [0, 3, 1, 2, 4]), value.shape);
      }
      if (forms.channelsFirst !== undefined)
        return graph.emit('ReorderInput', [forms.channelsFirst], {}, blockedDomain);
      return graph.emit('ReorderInput', [forms.tfjs!], { channels_last: 1 }, blockedDomain);
    }
  }
}
