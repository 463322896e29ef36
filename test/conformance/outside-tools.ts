import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * `describe` for suites that need something a clone does not bring along. Without it they count as not run, never as
 * passed, and say so.
 */
export function describeWith(what: string, present: boolean): typeof describe {
  if (present) return describe;
  process.stderr.write(`\n*** NOT RUN: ${what}\n\n`);
  return describe.skip as typeof describe;
}

export function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Runs a program to its end without blocking the emulator that lives in this process. */
export function run(command: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return new Promise<Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>>((done) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', (error) => done({ status: -1, stdout, stderr: String(error) }));
    child.on('close', (status) => done({ status, stdout, stderr }));
  });
}

const REFERENCE = process.env['LAMBDA_RECORDINGS'] ?? resolve('..', 'shared');

/** Answers recorded from AWS, and the program that replays them: named by `LAMBDA_RECORDINGS`, or beside the clone. */
export const recordings = {
  replay: join(REFERENCE, 'replay.mjs'),
  answers: join(REFERENCE, 'lambda-aws-recorded.json'),
};

export const haveRecordings = existsSync(recordings.replay) && existsSync(recordings.answers);

/** Where Terraform finds its AWS provider without a network. */
export const providerMirror = [
  process.env['TERRAFORM_PROVIDERS'] ?? '',
  '/opt/tf-plugins',
  '/usr/share/terraform/plugins',
]
  .filter((path) => path !== '')
  .find((path) => existsSync(join(path, 'registry.terraform.io/hashicorp/aws')));
