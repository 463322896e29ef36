import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the scripts in this folder have in common: plain Node, no packages, because they run before anything is installed. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Stops with one clear sentence instead of a stack trace. */
export function giveUp(sentence) {
  console.error(`\n${sentence}\n`);
  process.exit(1);
}

/** Runs a program with its output shown; true when it succeeded. */
export function runLoudly(command, args, environment = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  return status === 0;
}

/** Runs a program with its output kept: resolves to the exit code and what it said. */
export function runQuietly(command, args, environment = {}) {
  return new Promise((done) => {
    let said = '';
    const child = spawn(command, args, { cwd: root, env: { ...process.env, NO_COLOR: '1', ...environment } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    child.once('error', (error) => done({ code: 1, said: String(error) }));
    child.once('close', (code) => done({ code: code ?? 1, said }));
  });
}

/** npm may be a script or a .cmd file; when npm started us it says where it is. */
export function npmCommand(...args) {
  const own = process.env.npm_execpath;
  return own?.endsWith('npm-cli.js') ? [process.execPath, [own, ...args]] : ['npm', args];
}

/** Every file below `folder` (relative to the root), without the folders that hold other people's files. */
export function filesBelow(folder, found = []) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return found;
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) filesBelow(path, found);
    } else {
      found.push(path);
    }
  }
  return found;
}

/** Name, size and time of change of every file: cheap to take, and different whenever something was edited. */
export function fingerprint(paths) {
  return paths
    .map((path) => {
      const facts = statSync(join(root, path), { throwIfNoEntry: false });
      return facts ? `${relative('.', path)} ${facts.size} ${facts.mtimeMs}` : `${path} gone`;
    })
    .join('\n');
}
