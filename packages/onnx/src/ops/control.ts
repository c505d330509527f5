import { OnnxError } from '../errors.js';
import { define } from '../run/operators.js';

// Branches that are known before the data.

define('If', (call) => {
  const condition = call.known(0);
  if (!condition) throw new OnnxError('ADVROB_ONNX_DYNAMIC', 'its condition depends on the data');
  return call.branch(condition.data[0] === 0 ? 'else_branch' : 'then_branch');
});
