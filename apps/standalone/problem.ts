import { ConfigError } from '#runtime';
import { EmbeddedPostgresError } from './embedded-postgres.js';

/** Why Sluice cannot start, in a sentence, with the remedy in the next. Printed as it is: never with a stack trace. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}

/** Puts what the operating system said into words; undefined when the error is not one that a person can act on. */
export function explain(error: unknown): string | undefined {
  if (error instanceof StartProblem || error instanceof EmbeddedPostgresError || error instanceof ConfigError) {
    return error.message;
  }
  const { code, path, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  switch (code) {
    case 'EADDRINUSE':
      return portTaken(address ?? '127.0.0.1', port ?? 0, 'PORT');
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${address ?? ''} to listen on. Check SLUICE_HOST.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
    case 'ENOTDIR':
      if (path === undefined) return undefined;
      return `Sluice cannot write ${path} (${code}). Change its permissions, or name another folder in SLUICE_DATA_DIR.`;
    case 'ENOSPC':
      return `The disk is full${path ? ` (${path})` : ''}. Make room, or name a folder on another disk in SLUICE_DATA_DIR.`;
    default:
      return undefined;
  }
}

export function portTaken(host: string, port: number, variable: 'PORT' | 'SLUICE_EMULATOR_PORT'): string {
  return `Port ${port} on ${host} is taken by another program. Stop that program, or choose another port: ${variable}=${port + 10} npm start`;
}
