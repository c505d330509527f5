import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between a client and a server, which a test can cut. */
export interface Proxy {
  readonly port: number;
  /** Nothing passes, and no connection ends: as when a cable is pulled. */
  dark(): void;
  light(): void;
  /** Ends all connections; new ones are taken. */
  reset(): void;
  close(): Promise<void>;
}

export async function startProxy(to: number): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isDark = false;
  const server = createServer((socket) => {
    const other = connect(to, '127.0.0.1');
    const pair = [socket, other] as const;
    pairs.add(pair);
    for (const [from, into] of [
      [socket, other],
      [other, socket],
    ] as const) {
      from.on('error', () => undefined);
      from.on('data', (bytes) => void (isDark || into.write(bytes)));
      from.on('close', () => {
        pairs.delete(pair);
        if (!isDark) into.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reset = (): void => {
    for (const [one, other] of pairs) {
      one.destroy();
      other.destroy();
    }
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    dark: () => void (isDark = true),
    light() {
      isDark = false;
      // What was lost in between would leave both sides waiting.
      reset();
    },
    reset,
    close() {
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
