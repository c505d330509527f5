// Numbers that this side and PyTorch's (../peers/torch_nets.py) draw alike, so that both run the same net on the same images.

/** `count` numbers in [0, 1): the fractional part of sin(12.9898 i + seed) * 43758.5453, computed in float64. */
export function noise(count, seed) {
  return Float64Array.from({ length: count }, (_, i) => {
    const wave = Math.sin(i * 12.9898 + seed) * 43758.5453;
    return wave - Math.floor(wave);
  });
}

/** Images [batch, height, width, channels] in [0, 1). */
export function images(tf, shape) {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(Float32Array.from(noise(count, 7)), shape);
}

/** Draws weights of one net after another seed each: uniform with He's variance 2 / fan-in, in the order of `shape`. */
export function weightSource(tf) {
  let seed = 100;
  return (shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const scale = Math.sqrt((24 * shape.at(-1)) / count);
    const drawn = tf.tensor(
      Float32Array.from(noise(count, seed++), (value) => (value - 0.5) * scale),
      shape,
    );
    const weight = tf.variable(drawn);
    drawn.dispose();
    return weight;
  };
}
