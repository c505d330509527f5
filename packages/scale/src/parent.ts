import { AdvrobError } from '@advrob/core';

/** What a child says to its parent. */
export type FromChild<Told> =
  | { readonly type: 'told'; readonly value: Told }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly code: string | null; readonly message: string };

/**
 * Serves the parent of this process until it closes the channel, or is gone.
 *
 * @param handle - Does what a message asks for; `tell` says something on the way.
 * @param explain - Puts errors into words for people.
 */
export function serveParent<To, Told>(
  handle: (message: To, tell: (told: Told) => void) => Promise<unknown>,
  explain: (error: unknown) => unknown = (error) => error,
): void {
  // Ctrl-C goes to all processes of a terminal: the parent says what becomes of this one.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: To) => {
    handle(message, (value) => send<Told>({ type: 'told', value })).then(
      () => send({ type: 'finished' }),
      (thrown: unknown) => {
        const error = explain(thrown);
        const code = error instanceof AdvrobError ? error.code : null;
        send({ type: 'failed', code, message: messageOf(error) });
      },
    );
  });
}

/** An error of ours in its words, any other with its stack. */
function messageOf(error: unknown): string {
  if (error instanceof AdvrobError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Says something to the parent; one that is gone hears nothing. */
function send<Told>(message: FromChild<Told>): void {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
}
