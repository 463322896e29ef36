import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../clock.js';

/** Changes that no caller waits for are gathered for this long: a burst of them costs one write. */
const GATHER_MS = 100;

/** The state on disk. A reader never sees half of it: the name appears when all bytes are there. */
export class StateFile {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly snapshot: () => unknown,
  ) {}

  read(): unknown {
    return existsSync(this.path) ? JSON.parse(readFileSync(this.path, 'utf8')) : undefined;
  }

  /** Something changed that nobody was told yet: write soon. */
  touch(): void {
    this.cancel ??= this.clock.after(GATHER_MS, () => this.write());
  }

  /** Written before the answer leaves: what a caller was told must survive a kill -9 of this process. */
  save(): void {
    this.write();
  }

  /** Writes what has not been written yet. */
  flush(): void {
    if (this.cancel) this.write();
  }

  private write(): void {
    this.cancel?.();
    this.cancel = undefined;
    writeFileSync(`${this.path}.part`, JSON.stringify(this.snapshot()));
    renameSync(`${this.path}.part`, this.path);
  }
}
