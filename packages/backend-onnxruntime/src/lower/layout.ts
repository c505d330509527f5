import { blockedDomain } from '../onnx/builder.js';
import type { Value } from '../ir/value.js';
import type { Forms, Layout, Lowering } from './lowering.js';

/** Emits the conversion of a 4-D value from the best of its forms to `target`. */
export function convert(lowering: Lowering, value: Value, forms: Forms, target: Layout): string {
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
