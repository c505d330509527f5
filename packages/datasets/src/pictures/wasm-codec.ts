import { AdvrobError } from '@advrob/core';

/** One of the decoders of jSquash, the libraries of the browsers in WebAssembly. */
export interface WasmCodec {
  /** Loads it, from a compiled module where its file cannot be fetched; again, when it has failed. */
  init(module: WebAssembly.Module | undefined, options: { readonly printErr: (line: string) => void }): unknown;
  /** Samples [height, width, 4]. */
  decode(
    file: ArrayBuffer,
  ): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8ClampedArray }>;
}

/** Samples, and what the decoder said of the file. */
export interface WasmDecoded {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha. */
  readonly data: Uint8Array;
  readonly warnings: readonly string[];
}

/**
 * A function that decodes with `codec`, one picture at a time. After a file that it refused, the
 * decoder is made anew, since libjpeg ends its program there and keeps what it had taken.
 *
 * @param file Path of the WebAssembly file in its package, for Node, which cannot fetch it.
 */
export function wasmDecoder(
  load: () => Promise<WasmCodec>,
  file: string,
): (bytes: Uint8Array, name: string) => Promise<WasmDecoded> {
  let said: string[] = [];
  let module: Promise<WebAssembly.Module | undefined> | undefined;
  let ready: Promise<WasmCodec> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const open = async (): Promise<WasmCodec> => {
    const codec = await load();
    await codec.init(await (module ??= compiled(file)), { printErr: (line) => said.push(line) });
    return codec;
  };
  const decode = async (bytes: Uint8Array, name: string): Promise<WasmDecoded> => {
    const codec = await (ready ??= open());
    said = [];
    try {
      const { width, height, data } = await codec.decode(new Uint8Array(bytes).buffer);
      return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length), warnings: said };
    } catch (cause) {
      ready = undefined;
      const why = said[0] ?? (cause instanceof Error ? cause.message : 'it cannot be decoded');
      throw new AdvrobError('ADVROB_DATA_CHECKSUM', `${name}: the picture is damaged (${why}): fetch it again`, {
        cause,
      });
    }
  };
  return (bytes, name) => {
    const result = turn.then(() => decode(bytes, name));
    turn = result.catch(() => undefined);
    return result;
  };
}

/** The compiled file where Node finds it; undefined in a browser, where the decoder fetches it. */
async function compiled(file: string): Promise<WebAssembly.Module | undefined> {
  const builtin = (globalThis as { process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;
  if (builtin === undefined) return undefined;
  const { createRequire } = builtin('node:module');
  const { readFile } = builtin('node:fs/promises');
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(file)));
}
