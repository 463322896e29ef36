import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Script = (request: SeenRequest, response: ServerResponse) => void;

/** An endpoint that answers exactly what a test tells it to, for answers that no well-behaved Lambda gives on demand. */
export class ScriptedLambda {
  readonly seen: SeenRequest[] = [];
  private script: Script = (_request, response) => response.end();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedLambda> {
    const server = createServer();
    const scripted = new ScriptedLambda(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
        scripted.seen.push(one);
        scripted.script(one, response);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return scripted;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answer(script: Script): void {
    this.script = script;
  }

  /** Every request is answered with this JSON. */
  says(status: number, body: object, headers: Record<string, string> = {}): void {
    this.answer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
  }

  /** Every request is refused as Lambda refuses: name in the header, text in the body. */
  refuses(status: number, name: string, message: string, headers: Record<string, string> = {}): void {
    this.says(
      status,
      { Type: 'User', message },
      { 'x-amzn-errortype': name, 'x-amzn-requestid': 'request-1', ...headers },
    );
  }

  lastBody(): Record<string, unknown> {
    return JSON.parse(this.seen.at(-1)?.body || '{}') as Record<string, unknown>;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
