/** Where the examples of a data set come from: labels in memory, inputs read when a batch needs them. */
export interface ExampleSource {
  readonly name: string;
  /** Class indices [n], 0..numClasses - 1. */
  readonly labels: ArrayLike<number>;
  /** Shape of one input, such as [height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  /** Least and greatest value that an input can have. */
  readonly bounds: readonly [number, number];
  readonly classNames?: readonly string[];
  /** Writes the inputs of the examples at positions `ids` one after another into `target` [ids.length, ...inputShape]. */
  read(ids: Int32Array, target: Float32Array): void | Promise<void>;
  /** SHA-256 (hex) of what `read` and `labels` give. */
  digest(): string;
}
