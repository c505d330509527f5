import type { ModelInspection } from '@advrob/models/inspect';
import { expect, it } from 'vitest';
import { inspectionText } from './inspect.js';

const found: ModelInspection = {
  format: 'onnx',
  producer: 'pytorch 2.9.0, opset 18',
  inputs: [{ name: 'images', type: 'float32', shape: [null, 3, 32, 32] }],
  layout: 'NCHW',
  outputs: [{ name: 'scores', type: 'float32', shape: [null, 10] }],
  operators: Array.from({ length: 20 }, (_, i) => ({ name: `Operator${i}`, count: 20 - i })),
  parameters: 11173962,
  taken: { output: '/fc/Gemm_output_0', cut: 'softmax' },
  preprocessing: [],
  obstacles: [{ where: 'nms\u001b[2J', what: 'NonMaxSuppression cannot be differentiated here' }],
  classifier: { inputShape: [32, 32, 3], numClasses: 10, isAssumed: false },
  multiplyAdds: 556651520,
  attacks: 'white-box',
};

it('is read at 60 columns, and nothing in a file moves the cursor', () => {
  const lines = inspectionText('net.onnx', found);
  expect(lines.every((line) => line.length <= 60)).toBe(true);
  const text = lines.join('\n');
  expect(text).toContain('inputs      images float32 [?, 3, 32, 32] NCHW');
  expect(text).toContain('weights     11,173,962');
  expect(text).toContain('557 million multiply-adds');
  expect(text.replace(/\s+/g, ' ')).toContain('taken /fc/Gemm_output_0, in front of the softmax, which is cut off');
  expect(text).not.toContain('\u001b');
  expect(text).toContain("node 'nms\\u001b[2J'");
});

it('leaves out what is not known', () => {
  const nothing = {
    ...found,
    classifier: null,
    multiplyAdds: null,
    taken: null,
    operators: [],
    attacks: 'none',
  } as const;
  const text = inspectionText('net.onnx', nothing).join('\n');
  expect(text).not.toMatch(/^(work|taken|examples|operators|range)/m);
  expect(text).toMatch(/^attacks {5}none/m);
});
