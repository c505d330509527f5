/** A growing byte buffer with the four protobuf encodings that ONNX models need. */
export class ProtobufWriter {
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  private reserve(extra: number): void {
    if (this.length + extra <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  private varint(value: number): void {
    this.reserve(10);
    if (value < 0) {
      // Negative int64: ten bytes of two's complement.
      let rest = BigInt.asUintN(64, BigInt(value));
      while (rest > 127n) {
        this.bytes[this.length++] = Number(rest & 127n) | 128;
        rest >>= 7n;
      }
      this.bytes[this.length++] = Number(rest);
      return;
    }
    while (value > 127) {
      this.bytes[this.length++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.bytes[this.length++] = value;
  }

  /** An integer field. */
  integer(field: number, value: number): this {
    this.varint(field * 8);
    this.varint(value);
    return this;
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.varint(field * 8 + 5);
    this.reserve(4);
    this.view.setFloat32(this.length, value, true);
    this.length += 4;
    return this;
  }

  /** A length-delimited field of raw bytes. */
  raw(field: number, bytes: Uint8Array): this {
    this.varint(field * 8 + 2);
    this.varint(bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  text(field: number, text: string): this {
    return this.raw(field, encoder.encode(text));
  }

  /**
   * A message inside this one. Written in place, and moved by its length's length once that is
   * known.
   */
  message(field: number, fill: (writer: this) => void): this {
    this.varint(field * 8 + 2);
    const start = this.length;
    fill(this);
    const length = this.length - start;
    this.varint(length);
    const prefix = this.bytes.slice(start + length, this.length);
    this.bytes.copyWithin(start + prefix.length, start, start + length);
    this.bytes.set(prefix, start);
    return this;
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

const encoder = new TextEncoder();
