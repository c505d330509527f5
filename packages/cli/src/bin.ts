#!/usr/bin/env node
// All that a command needs takes a second or two to read: whoever waits sees that something began.
const { isTTY } = process.stderr;
if (isTTY) process.stderr.write('advrob: starting');
const { guardStreams, main } = await import('./program.js');
if (isTTY) process.stderr.write('\r\u001b[2K');

let outputCode = 0;
guardStreams(process.stdout, process.stderr, (code) => (process.exitCode = outputCode = code));
const stop = new AbortController();
// The first Ctrl-C lets the step in progress end and the checkpoint be written; the second ends at
// once.
process.once('SIGINT', () => {
  stop.abort(new Error('SIGINT'));
  process.once('SIGINT', () => process.exit(130));
});
const code = await main(process.argv.slice(2), stop.signal);
process.exitCode = code === 0 ? outputCode : code;
