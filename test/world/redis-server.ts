import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** @public Loaded by the global set-up by file name. */
export function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * A Redis of one's own on a free port, or on the given one: for the whole run, and for tests that flush, kill or starve
 * it. Nothing is saved unless the flags say so.
 */
export async function startRedisServer(
  folder: string,
  flags: readonly string[] = [],
  wantedPort?: number,
): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort ?? (await freePort());
    const settings = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const server = spawn('redis-server', [...settings, '--maxmemory-policy', 'noeviction', ...flags], {
      detached: true,
    });
    const ready = await saysReady(server);
    if (ready === true) return { url: `redis://127.0.0.1:${port}`, pid: server.pid ?? 0, close: () => stop(server) };
    // Another program may take the port between the probe and the start.
    if (attempt === 5) throw new Error(`redis-server did not start:\n${ready}`);
  }
}

function saysReady(server: ChildProcess): Promise<true | string> {
  let said = '';
  return new Promise((done) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready to accept connections')) done(true);
    });
    server.once('close', () => done(said));
  });
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = new Promise((done) => server.once('close', done));
  if (server.exitCode === null && server.signalCode === null && server.kill('SIGTERM')) await ended;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}
