import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** A server on loopback, on a port of its own. */
export async function serve(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const answering = (status: number, body: string) => () =>
  serve((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });

/** What happens to metric sources. Each opens a server that behaves so. */
export const troubles = {
  'nobody there': async () => {
    const server = await serve(() => undefined);
    await server.close();
    return { ...server, close: async () => undefined };
  },
  'an internal error': answering(500, '{"message":"out of order"}'),
  'an answer that is no JSON': answering(200, '<html>Bad gateway</html>'),
  'a connection that breaks': () => serve((request) => request.socket.destroy()),
  'ten seconds of silence': () => serve(() => undefined),
  'a lack of permission': answering(403, '{"__type":"AccessDeniedException","message":"no"}'),
} as const satisfies Record<string, () => Promise<TestServer>>;
export type Trouble = keyof typeof troubles;
