import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '#runtime';

/** Sees each chunk before it is passed on; `swallow` keeps it. `way` is the same object for both ends of a connection. */
export type Tap = (chunk: Buffer, from: 'client' | 'server', way: object) => 'pass' | 'swallow';

/**
 * Stands between a client and a server on loopback: makes the way slow, silent or broken while both ends are well.
 * `delayMs` is added to each direction of each chunk, in order.
 */
export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private server: Server | undefined;
  private listening = 0;
  /** One way; a question and its answer take twice as long. */
  delayMs = 0;
  /** Nothing passes in either direction, and nobody is told: a cable that was pulled. */
  silent = false;
  tap: Tap = () => 'pass';

  private constructor(
    /** Where new connections lead. */
    public upstreamPort: number,
  ) {}

  static async open(upstreamPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstreamPort);
    const server = createServer((client) => proxy.join(client));
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
    const address = server.address();
    proxy.server = server;
    proxy.listening = typeof address === 'object' && address ? address.port : 0;
    return proxy;
  }

  get port(): number {
    return this.listening;
  }

  /** The same address with our port. */
  through(url: string): string {
    const changed = new URL(url);
    changed.port = String(this.listening);
    return changed.href;
  }

  /** Resets every connection; new ones are let through. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((done) => this.server?.close(done));
  }

  private join(client: Socket): void {
    const server = connect(this.upstreamPort, '127.0.0.1');
    const pair = [client, server] as const;
    this.pairs.add(pair);
    this.pass(client, server, 'client', pair);
    this.pass(server, client, 'server', pair);
    for (const [socket, other] of [pair, [server, client] as const]) {
      socket.setNoDelay(true);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
  }

  /** Chunks leave in the order they came, each after the delay that held when it came. */
  private pass(from: Socket, to: Socket, end: 'client' | 'server', way: object): void {
    let before: Promise<void> = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      if (this.silent || this.tap(chunk, end, way) === 'swallow') return;
      const waited = this.delayMs > 0 ? systemClock.sleep(this.delayMs) : undefined;
      before = Promise.all([before, waited]).then(() => {
        if (to.writable && !this.silent) to.write(chunk);
      });
    });
    from.on('end', () => {
      before = before.then(() => void to.end());
    });
  }
}
