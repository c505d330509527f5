import { AdvrobError } from '@advrob/core';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A kind of model file that is not read here, and the way in. */
interface ForeignKind {
  readonly what: string;
  readonly way: (path: string) => string;
}

const keras: ForeignKind = {
  what: 'a Keras model',
  way: (path) =>
    /\.(keras|h5|hdf5)$/.test(path)
      ? `name the file: --model ${path}`
      : `let its name end in .keras: mv ${path} ${path}.keras, then --model ${path}.keras`,
};
const pytorch: ForeignKind = {
  what: 'a PyTorch file, whose pickles could run any program',
  way: () =>
    `export it to ONNX in Python, torch.onnx.export(net.eval(), x, "net.onnx"), then --model net.onnx; or save the weights of a known architecture: from safetensors.torch import save_file; save_file(net.state_dict(), "net.safetensors", metadata={"format": "pt"}), then --model net.safetensors --architecture <name> (advrob list models)`,
};
const onnx: ForeignKind = {
  what: 'an ONNX model',
  way: (path) =>
    path.endsWith('.onnx')
      ? `name the file: --model ${path}`
      : `let its name end in .onnx: mv ${path} ${path}.onnx, then --model ${path}.onnx`,
};
const savedModel: ForeignKind = {
  what: 'a SavedModel of TensorFlow',
  way: (path) =>
    `convert it with Python's package tensorflowjs: tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model ${path} converted, then --model converted (needs npm i @tensorflow/tfjs-converter)`,
};
const tflite: ForeignKind = {
  what: 'a TensorFlow Lite model, which has no gradients',
  way: () => 'convert the model that it was made from',
};

const advice = 'see docs/bring-your-own-model.md';

/**
 * The error of a model that could not be loaded, in words that show the way in where the path is a
 * model of another program: by its first bytes, whatever its name. Any other error as it is.
 */
export async function explainForeign(path: string, error: unknown): Promise<unknown> {
  const found = await foreignAt(path).catch(() => undefined);
  // What the reader of such a file says of it is the better word.
  const isRead = (kind: ForeignKind, name: RegExp): boolean =>
    found?.kind === kind && found.file === path && name.test(path);
  if (found === undefined || isRead(keras, /\.(keras|h5|hdf5)$/) || isRead(onnx, /\.onnx$/)) return error;
  const { kind, file } = found;
  return new AdvrobError(
    'ADVROB_MODEL_FILE',
    `${file} is ${kind.what}, which is not read as it is: ${kind.way(file)}; ${advice}`,
    { cause: error },
  );
}

async function foreignAt(path: string): Promise<{ kind: ForeignKind; file: string } | undefined> {
  if (!(await stat(path)).isDirectory()) {
    const kind = await kindOf(path);
    return kind && { kind, file: path };
  }
  const names = await readdir(path);
  if (names.includes('model.json')) return undefined;
  if (names.includes('saved_model.pb')) return { kind: savedModel, file: path };
  const weights = names.find((name) => name.endsWith('.safetensors'));
  if (weights !== undefined) return { kind: inFolder(weights), file: path };
  for (const name of names.filter((each) => /\.(h5|hdf5|keras|pth|pt|bin|onnx|tflite)$/.test(each))) {
    const kind = await kindOf(join(path, name));
    if (kind !== undefined) return { kind, file: join(path, name) };
  }
  return undefined;
}

/** A folder as Hugging Face has them. */
function inFolder(weights: string): ForeignKind {
  return {
    what: `a folder with ${weights}`,
    way: (path) =>
      `name the file, and what its weights belong to: --model ${join(path, weights)} --architecture <name>`,
  };
}

/** Enough for the names of the first files of an archive. */
const looked = 4096;

async function kindOf(path: string): Promise<ForeignKind | undefined> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(looked), 0, looked, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    if (head.startsWith('\x89HDF\r\n\x1a\n')) return keras;
    if (head.startsWith('PK\x03\x04')) return isKerasArchive(head) ? keras : pytorch;
    if (buffer[0] === 0x80 && buffer[1]! >= 2 && buffer[1]! <= 5) return pytorch;
    if (head.slice(4, 8) === 'TFL3') return tflite;
    if (basename(path) === 'saved_model.pb') return savedModel;
    // A protobuf of ONNX begins with its version, then who made it, or the graph.
    if (buffer[0] === 0x08 && buffer[1]! < 32 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(buffer[2]!)) return onnx;
    return undefined;
  } finally {
    await file.close();
  }
}

function isKerasArchive(head: string): boolean {
  return /(^|[^/])(metadata\.json|config\.json|model\.weights\.h5)/.test(head) && !head.includes('data.pkl');
}
