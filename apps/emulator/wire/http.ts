import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRequest {
  method: string;
  /** Path and query as they stand on the request line. */
  url: string;
  /** The path alone, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer | undefined;
  /** Cut the connection instead of answering. */
  reset?: boolean;
}

/** The service's own limit on a request body: 50 MB of package in base64, and the rest of the request. */
const BODY_LIMIT = 70_167_211;

/** Serves requests with one asynchronous function. Bodies arrive whole. */
export class HttpServer {
  private readonly server: Server;

  constructor(private readonly answer: (request: HttpRequest) => Promise<HttpReply>) {
    this.server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
      this.receive(request, response);
    });
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((done, fail) => {
      this.server.once('error', fail);
      this.server.listen(port, host, done);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    this.server.closeAllConnections();
    await closed;
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      // What exceeds the limit is read to its end and forgotten: the client is still busy sending it.
      if (size <= BODY_LIMIT) chunks.push(chunk);
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const body = size > BODY_LIMIT ? undefined : chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      if (body === undefined) send(response, oversized());
      else
        this.answer(read(request, body)).then(
          (reply) => send(response, reply),
          () => response.destroy(),
        );
    });
  }
}

function read(request: IncomingMessage, body: Buffer): HttpRequest {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    url,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: request.headers as Record<string, string | undefined>,
    body,
  };
}

function send(response: ServerResponse, reply: HttpReply): void {
  if (reply.reset) {
    response.socket?.resetAndDestroy();
    return;
  }
  const length = reply.body === undefined ? 0 : Buffer.byteLength(reply.body);
  response.writeHead(
    reply.status,
    reply.status === 204 ? reply.headers : { ...reply.headers, 'Content-Length': length },
  );
  response.end(reply.body);
}

function oversized(): HttpReply {
  return {
    status: 413,
    headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': 'RequestEntityTooLargeException' },
    body: JSON.stringify({
      Type: 'User',
      message: `Request must be smaller than ${BODY_LIMIT} bytes for the CreateFunction operation`,
    }),
  };
}
