import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What one environment is asked to do. */
export interface Job {
  requestId: string;
  payload: Buffer;
  deadline: number;
  invokedArn: string;
  clientContext?: string | undefined;
  traceId: string;
}

export interface RuntimeAnswer {
  kind: 'response' | 'error' | 'init-error';
  requestId: string;
  body: Buffer;
  errorType: string | undefined;
  /** How many bytes of output the runtime had written by then; undefined when it does not say. */
  logBytes: number | undefined;
  /** The runtime is about to end: this environment must not be given another job. */
  exiting: boolean;
}

interface Listener {
  /** The runtime asked for its next invocation: it has finished starting, or finished the one before. */
  ready(logBytes: number | undefined): void;
  answered(answer: RuntimeAnswer): void;
}

const ROUTE = /^\/2018-06-01\/runtime\/(?:invocation\/(next)|invocation\/([^/]+)\/(response|error)|(init\/error))$/;

/** The Lambda Runtime API of one environment, on a loopback port of its own, as every runtime's client expects it. */
export class RuntimeApi {
  private readonly server: Server;
  private waiting: ServerResponse | undefined;
  private job: Job | undefined;
  /** Held back: what has been answered on it goes out together with the next job. */
  private held: Socket | undefined;

  constructor(private readonly listener: Listener) {
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) =>
      this.handle(request, response),
    );
  }

  async listen(): Promise<string> {
    await new Promise<void>((done, fail) => {
      this.server.once('error', fail);
      this.server.listen(0, '127.0.0.1', done);
    });
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Hands a job to the runtime, at once if it is waiting for one, else as soon as it asks. */
  give(job: Job): void {
    this.job = job;
    this.flush();
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private flush(): void {
    const { job, waiting } = this;
    if (!job || !waiting) return;
    this.job = undefined;
    this.waiting = undefined;
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'content-length': job.payload.length,
      'lambda-runtime-aws-request-id': job.requestId,
      'lambda-runtime-deadline-ms': job.deadline,
      'lambda-runtime-invoked-function-arn': job.invokedArn,
      'lambda-runtime-trace-id': job.traceId,
    };
    if (job.clientContext) headers['lambda-runtime-client-context'] = job.clientContext;
    waiting.writeHead(200, headers);
    waiting.end(job.payload);
    this.held?.uncork();
    this.held = undefined;
  }

  /** Our own runtimes ask for their next job along with an answer and do not wait for its receipt: it saves a write. */
  private holdBack(request: IncomingMessage): void {
    if (request.headers['sluice-pipelined'] === undefined || this.held) return;
    this.held = request.socket;
    this.held.cork();
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const [, next, requestId, verb, init] = ROUTE.exec(request.url ?? '') ?? [];
    const logBytes = numberFrom(request.headers['sluice-log-bytes']);
    if (next && request.method === 'GET') {
      this.waiting = response;
      this.listener.ready(logBytes);
      this.flush();
      return;
    }
    if (request.method !== 'POST' || (!verb && !init)) {
      response.writeHead(404, { 'content-length': 0 }).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.holdBack(request);
      response.writeHead(202, { 'content-type': 'application/json', 'content-length': 16 }).end('{"status":"OK"}\n');
      this.listener.answered({
        kind: init ? 'init-error' : verb === 'error' ? 'error' : 'response',
        requestId: requestId ?? '',
        body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks),
        errorType: textFrom(request.headers['lambda-runtime-function-error-type']),
        logBytes,
        exiting: request.headers['sluice-exiting'] !== undefined,
      });
    });
  }
}

const textFrom = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

function numberFrom(value: string | string[] | undefined): number | undefined {
  return value === undefined ? undefined : Number(textFrom(value));
}
