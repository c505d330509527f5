/**
 * Counts the multiply-adds of the convolutions and matrix products of `forward` from tfjs' own kernel profile: each output number costs
 * as many as its filter or matrix has inputs.
 */
export async function multiplyAdds(tf, forward) {
  const { kernels } = await tf.profile(() => tf.tidy(forward));
  let total = 0;
  for (const { name, inputShapes, outputShapes } of kernels) {
    if (name !== 'Conv2D' && name !== 'BatchMatMul') continue;
    const weights = inputShapes[1];
    const perOutput = weights.slice(0, -1).reduce((product, size) => product * size, 1);
    total += perOutput * outputShapes[0].reduce((product, size) => product * size, 1);
  }
  return total;
}
