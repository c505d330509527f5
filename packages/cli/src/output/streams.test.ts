import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { guardStreams } from './streams.js';

function guarded() {
  const said: string[] = [];
  const codes: number[] = [];
  const [stdout, stderr] = [0, 1].map(() =>
    Object.assign(new EventEmitter(), { write: (text: string) => said.push(text) }),
  );
  guardStreams(stdout!, stderr!, (code) => codes.push(code));
  const fail = (stream: EventEmitter, code: string) =>
    stream.emit('error', Object.assign(new Error(code), { code, syscall: 'write' }));
  return { said, codes, stdout: stdout!, stderr: stderr!, fail };
}

it('a reader that has gone is no failure, whatever is written after it', () => {
  const { said, codes, stdout, stderr, fail } = guarded();
  for (const stream of [stdout, stderr, stdout]) fail(stream, 'EPIPE');
  expect({ said, codes }).toEqual({ said: [], codes: [] });
});

it('a full disk is told once, and is an exit code', () => {
  const { said, codes, stdout, fail } = guarded();
  for (let i = 0; i < 2; i++) fail(stdout, 'ENOSPC');
  expect(said).toEqual([expect.stringMatching(/^advrob: standard output .*no space .*\[ADVROB_DISK_FULL\]\n$/)]);
  expect(codes).toEqual([1]);
});
