import { fileError } from '../storage/failure.js';

interface Stream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  write(text: string): unknown;
}

/**
 * Makes a failing output no accident. Who reads may stop (`advrob list attacks | head -1`): the rest
 * is then said to nobody, and the work, whose result is a folder, goes on to its end. Any other
 * failure, such as a full disk behind `> list.txt`, is told on standard error.
 *
 * @param onFailure - Called with the exit code of an output that is not whole.
 */
export function guardStreams(stdout: Stream, stderr: Stream, onFailure: (code: number) => void): void {
  stderr.on('error', () => undefined);
  let isTold = false;
  stdout.on('error', (error) => {
    if (error.code === 'EPIPE' || isTold) return;
    isTold = true;
    const { message } = fileError(error, 'standard output') as Error;
    stderr.write(`advrob: ${message}\n`);
    onFailure(1);
  });
}
