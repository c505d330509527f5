/** A value that goes into a model or comes out of it. */
export interface InspectedPort {
  readonly name: string;
  readonly type: string;
  /** Sides of it; null for those that the file leaves open. */
  readonly shape: readonly (number | null)[];
}

/** What is in the way of a white-box attack. */
export interface Obstacle {
  /** Node or layer, where it is one. */
  readonly where: string | null;
  readonly what: string;
}

/** What a file says of its model. */
export interface FileFacts {
  readonly format: 'onnx' | 'keras' | 'layers-model' | 'graph-model' | 'safetensors';
  /** Who wrote it. */
  readonly producer: string;
  readonly inputs: readonly InspectedPort[];
  /** Where channels lie in the file. Null for what is no image, or not to be told. */
  readonly layout: 'NCHW' | 'NHWC' | null;
  readonly outputs: readonly InspectedPort[];
  /** Nodes or layers by their kinds, the most frequent first. */
  readonly operators: readonly { readonly name: string; readonly count: number }[];
  readonly parameters: number;
  /** The value that is attacked, and what stood behind it and is cut off. Null where none is. */
  readonly taken: { readonly output: string; readonly cut: string | null } | null;
  /** What the model does to its input before anything else, in words. */
  readonly preprocessing: readonly string[];
  readonly obstacles: readonly Obstacle[];
}

/** What a model file holds, and what can be done with it. */
export interface ModelInspection extends FileFacts {
  /** What examples look like, and how many classes there are. Null when it cannot be loaded. */
  readonly classifier: {
    readonly inputShape: readonly number[];
    readonly numClasses: number;
    /** Whether sides that the file leaves open were chosen, to try it. */
    readonly isAssumed: boolean;
  } | null;
  /** Of one example, in convolutions and matrix products. Null where it was not run. */
  readonly multiplyAdds: number | null;
  /**
   * `white-box`: every attack; `straight-through`: attacks by gradients that are estimates;
   * `black-box`: attacks without gradients; `none`: not as it is.
   */
  readonly attacks: 'white-box' | 'straight-through' | 'black-box' | 'none';
}

/** Kinds with their counts, the most frequent first. */
export function counted(names: Iterable<string>): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** The words of an error without its code. */
export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/ \[ADVROB_\w+\]$/, '');
}
