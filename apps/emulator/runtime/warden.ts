import { type ChildProcess, spawn } from 'node:child_process';

/** Reads `add PID` and `del PID` lines; when its input ends, because the emulator has, it ends what is still listed. */
const SCRIPT = `trap '' HUP INT TERM
pids=
while read -r verb pid; do
  case $verb in
    add) pids="$pids $pid" ;;
    del) left=; for one in $pids; do [ "$one" = "$pid" ] || left="$left $one"; done; pids=$left ;;
  esac
done
for one in $pids; do kill -KILL "-$one" 2>/dev/null; done`;

/**
 * Functions run in process groups of their own: a frozen one in the emulator's group would get the whole group hung up
 * when the terminal goes. A frozen process notices nothing, though, not even that the emulator was killed; so this
 * little shell outlives it for a moment and takes its functions along.
 */
export class Warden {
  private shell: ChildProcess | undefined;

  add(pid: number): void {
    this.shell ??= this.start();
    this.shell.stdin?.write(`add ${pid}\n`);
  }

  remove(pid: number): void {
    this.shell?.stdin?.write(`del ${pid}\n`);
  }

  close(): void {
    this.shell?.stdin?.end();
    this.shell = undefined;
  }

  private start(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    // Without the shell, everything works but the cleaning up after a killed emulator.
    shell.on('error', () => undefined);
    shell.stdin?.on('error', () => undefined);
    shell.unref();
    return shell;
  }
}
