import { createHash, randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StartProblem } from './problem.js';

/** The longest path that every system takes for a socket, with room to spare. */
const MAX_SOCKET_PATH = 100;

export interface DataFolder {
  readonly path: string;
  /** Tells whoever tries to start a second Sluice here where the first one is; the CLI reads it too. */
  announce(url: string): void;
  close(): Promise<void>;
}

/**
 * Makes the folder if need be and claims it for this process. The claim is a socket that only a living process can
 * hold: unlike a file with a process id in it, a kill -9 or a reused id cannot leave a claim behind.
 */
export async function claimDataFolder(dataDir: string): Promise<DataFolder> {
  const path = resolve(dataDir);
  prepare(path);
  const socket = socketPath(path);
  let url = '';
  const server = createServer((connection) => connection.end(JSON.stringify({ pid: process.pid, url })));
  if (!(await listenOn(server, socket))) {
    const owner = await askOwner(socket);
    if (owner) throw new StartProblem(alreadyRunning(path, owner));
    rmSync(socket, { force: true });
    if (!(await listenOn(server, socket))) throw new StartProblem(alreadyRunning(path, ''));
  }
  server.unref();
  const urlFile = join(path, 'url');
  return {
    path,
    announce(where) {
      url = where;
      writeFileSync(urlFile, `${where}\n`);
    },
    async close() {
      rmSync(urlFile, { force: true });
      await new Promise((done) => server.close(done));
    },
  };
}

/** The local API key, where the CLI looks for it; undefined when this folder has none yet. */
export function readKeyFile(folder: string): string | undefined {
  const file = keyFile(folder);
  const key = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return key === '' ? undefined : key;
}

/** Only the owner of the folder may read the key. */
export function writeKeyFile(folder: string, key: string): string {
  const file = keyFile(folder);
  if (readKeyFile(folder) !== key) {
    rmSync(file, { force: true });
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
  }
  return file;
}

/** The key that seals environment variables in this folder's database: made at the first start, the owner's to read. */
export function secretsKeyOf(folder: string): Uint8Array {
  const file = join(folder, 'secrets-key');
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.byteLength === 32) return key;
  throw new StartProblem(
    `The key in ${file} is damaged. Put the right one back, or delete the file: deployments that still wait with environment variables then fail and have to be asked for again.`,
  );
}

function keyFile(folder: string): string {
  return join(folder, 'api-key');
}

function prepare(path: string): void {
  if (existsSync(path) && !statSync(path).isDirectory()) {
    throw new StartProblem(
      `${path} is a file; Sluice needs a folder there. Move it away, or name another one in SLUICE_DATA_DIR.`,
    );
  }
  // 0711 and not 0700: when root starts Sluice, the database runs as another user and must be able to pass through.
  // Not recursive where one level is enough: below /proc and the like Node's recursive mkdir never returns.
  if (!existsSync(path)) mkdirSync(path, { recursive: !existsSync(dirname(path)), mode: 0o711 });
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  // Root passes the question above even where nothing can be written, on a read-only mount for example.
  const probe = join(path, `.probe-${process.pid}`);
  writeFileSync(probe, '');
  rmSync(probe);
}

function socketPath(folder: string): string {
  const inside = join(folder, 'running.sock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  return join(tmpdir(), `sluice-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.sock`);
}

/** False when somebody, living or dead, has the socket already. */
function listenOn(server: Server, socket: string): Promise<boolean> {
  return new Promise((done, fail) => {
    const onError = (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(false) : fail(error));
    server.once('error', onError);
    server.listen(socket, () => {
      server.off('error', onError);
      done(true);
    });
  });
}

/** What the living owner says of itself; undefined when nobody answers, that is, the owner is dead. */
function askOwner(socket: string): Promise<string | undefined> {
  return new Promise((done) => {
    let said = '';
    const connection = connect(socket);
    connection.on('data', (chunk) => {
      said += chunk.toString();
    });
    connection.once('close', () => done(said || undefined));
    connection.once('error', () => done(undefined));
  });
}

function alreadyRunning(path: string, owner: string): string {
  const { pid, url } = owner ? (JSON.parse(owner) as { pid: number; url: string }) : { pid: undefined, url: undefined };
  const who = pid ? ` (process ${pid}${url ? `, ${url}` : ', still starting'})` : '';
  return `Sluice is already running on ${path}${who}. Use that one, stop it, or name another folder: SLUICE_DATA_DIR=.sluice-2 PORT=3010 SLUICE_EMULATOR_PORT=3011 npm start`;
}
