import { accumulates, counts, passes } from './rules.mjs';

const valueOf = (draft, low) =>
  draft.input(
    ({ shape, size }) => shape.length >= low && size > 0,
    () => draft.leaf(draft.shape(low).map((size) => Math.max(1, size))),
  );

const indices = (draft, shape, limit) => draft.leaf(shape, 'int32', { range: [0, limit - 1] });

const joins = (name, sameRank) => ({
  name,
  draw: (draft) => {
    const first = draft.input(
      (meta) => meta.shape.length >= (sameRank ? 1 : 0) && meta.shape.length <= 3,
      () => draft.leaf(draft.shape(1, 3)),
    );
    const { shape, dtype } = draft.metas[first];
    const axis = draft.random.int(0, sameRank ? shape.length - 1 : shape.length);
    const matches = (other) =>
      other.shape.length === shape.length &&
      other.shape.every((size, i) => (sameRank && i === axis) || size === shape[i]);
    const others = Array.from({ length: draft.random.int(1, 3) }, () =>
      draft.input(
        (meta) => meta.dtype === dtype && matches(meta),
        () =>
          draft.leaf(
            shape.map((size, i) => (sameRank && i === axis ? draft.random.int(1, 3) : size)),
            dtype,
          ),
      ),
    );
    return { inputs: draft.random.shuffle([first, ...others]), attrs: { axis } };
  },
  run: (tf, inputs, { axis }) => tf[name](inputs, axis),
  exact: passes,
  gradient: true,
  nonfinite: true,
});

export const indexingOps = [
  joins('concat', true),
  joins('stack', false),
  {
    name: 'gather',
    draw: (draft) => {
      const x = valueOf(draft, 1);
      const { shape } = draft.metas[x];
      const axis = draft.random.int(0, shape.length - 1);
      return { inputs: [x, indices(draft, draft.shape(1, 2), shape[axis])], attrs: { axis } };
    },
    run: (tf, [x, at], { axis }) => tf.gather(x, at, axis),
    exact: ([x]) => passes([x]),
    gradient: true,
    nonfinite: true,
  },
  {
    name: 'gatherBatched',
    draw: (draft) => {
      const x = valueOf(draft, 2);
      const { shape } = draft.metas[x];
      return { inputs: [x, indices(draft, [shape[0], draft.random.int(1, 3)], shape[1])], attrs: {} };
    },
    run: (tf, [x, at]) => tf.gather(x, at, 1, 1),
    exact: ([x]) => passes([x]),
  },
  {
    name: 'gatherND',
    draw: (draft) => {
      const x = valueOf(draft, 2);
      return {
        inputs: [
          x,
          indices(draft, [draft.random.int(1, 4), draft.random.int(1, 2)], Math.min(...draft.metas[x].shape)),
        ],
        attrs: {},
      };
    },
    run: (tf, [x, at]) => tf.gatherND(x, at),
    exact: ([x]) => passes([x]),
  },
  {
    name: 'scatterND',
    draw: (draft) => {
      const updates = draft.input(
        ({ shape, size, dtype }) => shape.length >= 1 && shape.length <= 3 && size > 0 && dtype === 'float32',
        () => draft.leaf(draft.shape(1, 3).map((size) => Math.max(1, size))),
      );
      const { shape } = draft.metas[updates];
      const rows = draft.random.int(1, 5);
      return { inputs: [indices(draft, [shape[0], 1], rows), updates], attrs: { shape: [rows, ...shape.slice(1)] } };
    },
    run: (tf, [at, updates], { shape }) => tf.scatterND(at, updates, shape),
    exact: (metas) => accumulates([metas[1]]),
  },
  {
    name: 'unsortedSegmentSum',
    draw: (draft) => {
      const x = valueOf(draft, 1);
      const segments = draft.random.int(1, 4);
      return { inputs: [x, indices(draft, [draft.metas[x].shape[0]], segments)], attrs: { segments } };
    },
    run: (tf, [x, ids], { segments }) => tf.unsortedSegmentSum(x, ids, segments),
    accepts: ([x]) => x.dtype !== 'bool',
    exact: accumulates,
    gradient: true,
  },
  {
    name: 'oneHot',
    draw: (draft) => ({
      inputs: [draft.leaf(draft.shape(0, 3), 'int32', { range: [-2, 6] })],
      attrs: {
        depth: draft.random.int(1, 5),
        values: draft.random.pick([
          [1, 0],
          [2, -1],
        ]),
        dtype: draft.random.pick(['float32', 'int32', 'bool']),
      },
    }),
    run: (tf, [at], { depth, values, dtype }) => tf.oneHot(at, depth, ...values, dtype),
    accepts: (_, { values, dtype }) => dtype !== 'bool' || values[0] === 1,
    exact: counts,
  },
  {
    name: 'fill',
    draw: (draft) => ({
      inputs: [],
      attrs: { shape: draft.shape(), value: draft.random.pick([0, 1, -2.5]), dtype: 'float32' },
    }),
    run: (tf, _, { shape, value, dtype }) => tf.fill(shape, value, dtype),
    exact: () => ({ bound: 3, grain: 1 }),
  },
  {
    name: 'range',
    draw: (draft) => ({
      inputs: [],
      attrs: {
        start: draft.random.int(-3, 3),
        count: draft.random.int(1, 8),
        dtype: draft.random.pick(['float32', 'int32']),
      },
    }),
    run: (tf, _, { start, count, dtype }) => tf.range(start, start + count, 1, dtype),
    exact: () => ({ bound: 16, grain: 0 }),
  },
];
