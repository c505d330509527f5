#!/usr/bin/env node
// All that a command needs takes a second or two to read: whoever waits sees that something began.
const { isTTY } = process.stderr;
if (isTTY) process.stderr.write('advrob: starting');
const { main } = await import('./program.js');
if (isTTY) process.stderr.write('\r\u001b[2K');

const stop = new AbortController();
// The first Ctrl-C lets the step in progress end and the checkpoint be written; the second ends at
// once.
process.once('SIGINT', () => {
  stop.abort(new Error('SIGINT'));
  process.once('SIGINT', () => process.exit(130));
});
process.exitCode = await main(process.argv.slice(2), stop.signal);
