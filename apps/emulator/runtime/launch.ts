import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceFault } from '../lambda/errors.js';
import { unpack } from '../world/archive.js';
import type { CodeStore } from '../world/code-store.js';
import type { FunctionRecord, Settings } from '../world/records.js';
import type { Launch } from './environment.js';
import { nodeBootstrap } from './node-bootstrap.js';
import { pythonBootstrap } from './python-bootstrap.js';

/** What the launcher needs to know of the machine and of the emulator. */
export interface LaunchSettings {
  folder: string;
  nodePath: string;
  pythonPath: string;
  searchPath: string;
  /** Where functions reach the emulator, as any AWS client inside of them expects it. */
  endpoint: () => string;
}

/** Unpacks code and prepares the command line and variables of an environment's process. */
export class Launcher {
  private readonly unpacking = new Map<string, Promise<string>>();

  constructor(
    private readonly settings: LaunchSettings,
    private readonly codes: CodeStore,
  ) {
    mkdirSync(join(settings.folder, 'unpacked'), { recursive: true });
    writeFileSync(join(settings.folder, 'node-bootstrap.mjs'), nodeBootstrap);
    writeFileSync(join(settings.folder, 'python-bootstrap.py'), pythonBootstrap);
  }

  async prepare(fn: FunctionRecord, version: string, settings: Settings): Promise<Launch> {
    const runtime = settings.runtime ?? '';
    const key = settings.codeKey;
    const family = /^(nodejs|python|provided)/.exec(runtime)?.[1];
    if (settings.packageType === 'Image' || key === undefined)
      throw serviceFault('Image functions are accepted and described, but this emulator does not run them.', 502);
    if (family === undefined) throw serviceFault(`This emulator does not run ${runtime} code.`, 502);
    const folder = await this.folderOf(key);
    return {
      ...this.commandFor(family, folder, settings.memorySize),
      folder,
      variables: this.variables(fn, version, settings, folder),
      memoryMb: settings.memorySize,
      version,
    };
  }

  private commandFor(family: string, folder: string, memoryMb: number): { command: string; args: string[] } {
    if (family === 'python')
      return { command: this.settings.pythonPath, args: ['-u', join(this.settings.folder, 'python-bootstrap.py')] };
    if (family === 'provided') return { command: join(folder, 'bootstrap'), args: [] };
    const heap = Math.max(64, Math.floor(memoryMb * 0.9));
    return {
      command: this.settings.nodePath,
      args: [`--max-old-space-size=${heap}`, join(this.settings.folder, 'node-bootstrap.mjs')],
    };
  }

  /** The folder with the unpacked code; unpacked once, however many environments ask at the same time. */
  private folderOf(key: string): Promise<string> {
    const folder = join(this.settings.folder, 'unpacked', key);
    const running = this.unpacking.get(key);
    if (running) return running;
    const work = this.unpackInto(key, folder);
    this.unpacking.set(key, work);
    work.catch(() => this.unpacking.delete(key));
    return work;
  }

  private async unpackInto(key: string, folder: string): Promise<string> {
    if (existsSync(folder)) return folder;
    const part = `${folder}.part`;
    rmSync(part, { recursive: true, force: true });
    await unpack(this.codes.get(key), part);
    renameSync(part, folder);
    return folder;
  }

  private variables(fn: FunctionRecord, version: string, settings: Settings, folder: string): Record<string, string> {
    const endpoint = this.settings.endpoint();
    return {
      ...settings.environment,
      PATH: this.settings.searchPath,
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      LAMBDA_TASK_ROOT: folder,
      LAMBDA_RUNTIME_DIR: this.settings.folder,
      PYTHONDONTWRITEBYTECODE: '1',
      _HANDLER: settings.handler ?? '',
      AWS_REGION: fn.region,
      AWS_DEFAULT_REGION: fn.region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: fn.name,
      AWS_LAMBDA_FUNCTION_VERSION: version,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memorySize),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: settings.logging.LogGroup,
      AWS_LAMBDA_LOG_FORMAT: settings.logging.LogFormat,
      AWS_LAMBDA_LOG_LEVEL: settings.logging.ApplicationLogLevel ?? 'INFO',
      AWS_ACCESS_KEY_ID: fn.account,
      AWS_SECRET_ACCESS_KEY: 'emulated',
      AWS_ENDPOINT_URL_LAMBDA: endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH: endpoint,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint,
    };
  }
}
