import { refuseFile } from '../errors.js';

/** Numbers of the wire types that ONNX files use. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const text = new TextDecoder('utf-8', { fatal: false });

/**
 * Reads one protobuf message out of a range of bytes. Nothing is allocated from a number in the
 * file: every length is first compared with the bytes that are there.
 */
export class WireReader {
  readonly #view: DataView;
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  /** A whole number of up to 64 bits in two's complement, exact up to 2^53. */
  varint(): number {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      this.#need(1);
      const byte = this.bytes[this.at]!;
      this.at += 1;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) [low, high] = [low | (bits << 28), bits >>> 4];
      else high |= bits << (shift - 32);
      if (byte < 128) return (high | 0) * 2 ** 32 + (low >>> 0);
    }
    return refuseFile(`a number that ends nowhere at byte ${this.at}`);
  }

  float(): number {
    this.#need(4);
    const value = this.#view.getFloat32(this.at, true);
    this.at += 4;
    return value;
  }

  double(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  /** The next `length` bytes, as a part of the file. */
  take(length: number): Uint8Array {
    this.#need(length);
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** The bytes of a field with a length in front. */
  delimited(): Uint8Array {
    // In two steps: `this.at` must be read after the length.
    const length = this.varint();
    return this.take(length);
  }

  string(): string {
    return text.decode(this.delimited());
  }

  /** Passes over a field that nobody asked for. */
  skip(wireType: number): void {
    if (wireType === wireTypes.varint) this.varint();
    else if (wireType === wireTypes.fixed64) this.take(8);
    else if (wireType === wireTypes.bytes) this.delimited();
    else if (wireType === wireTypes.fixed32) this.take(4);
    else refuseFile(`no protobuf: wire type ${wireType} at byte ${this.at}`);
  }

  #need(count: number): void {
    if (count < 0 || this.at + count > this.end)
      refuseFile(`a field of ${count} bytes is cut off at byte ${this.at}: fetch or save it again`);
  }
}
