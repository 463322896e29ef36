import { createServer } from 'node:net';
import { portTaken, StartProblem } from './problem.js';

/** Asks before anything is started, so that a taken port costs no half-started database. Port 0 is always free. */
export async function requireFreePort(
  host: string,
  port: number,
  variable: 'PORT' | 'SLUICE_EMULATOR_PORT',
): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await new Promise<void>((done, fail) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') fail(new StartProblem(portTaken(host, port, variable)));
      else if (error.code === 'EACCES')
        fail(
          new StartProblem(
            `Port ${port} needs rights that Sluice does not have. Choose one above 1023: ${variable}=${port + 3000} npm start`,
          ),
        );
      else fail(error);
    });
    probe.listen(port, host, () => probe.close(() => done()));
  });
}
