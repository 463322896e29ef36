import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** S3's own wire, as far as uploads in one piece and in parts, downloads and deletions go. */
export class TinyS3 {
  /** By path, `/bucket/key`. */
  readonly objects = new Map<string, Buffer>();
  /** Every path that was asked to be removed, in order. */
  readonly removals: string[] = [];
  /** Refuses to remove what this names. */
  denies: (path: string) => boolean = () => false;
  private readonly parts = new Map<string, Map<number, Buffer>>();
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://s3');
    const body = decode(request, await bodyOf(request).catch(() => Buffer.alloc(0)));
    const upload = url.searchParams.get('uploadId');
    const reply = (status: number, text = '', headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(text);
    if (request.method === 'POST' && url.searchParams.has('uploads')) {
      const id = randomUUID();
      this.parts.set(id, new Map());
      return void reply(
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (request.method === 'PUT' && upload) {
      this.parts.get(upload)?.set(Number(url.searchParams.get('partNumber')), body);
      return void reply(200, '', { etag: '"part"' });
    }
    if (request.method === 'POST' && upload) {
      const numbered = [...(this.parts.get(upload) ?? [])].sort(([left], [right]) => left - right);
      this.objects.set(url.pathname, Buffer.concat(numbered.map(([, bytes]) => bytes)));
      return void reply(200, '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
    }
    if (request.method === 'PUT') {
      this.objects.set(url.pathname, body);
      return void reply(200, '', { etag: '"whole"' });
    }
    if (request.method === 'DELETE') {
      this.removals.push(url.pathname);
      if (this.denies(url.pathname))
        return void reply(403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
      this.objects.delete(url.pathname);
      return void reply(204);
    }
    const object = this.objects.get(url.pathname);
    if (!object) return void reply(404, '<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>');
    response.writeHead(200, { 'content-length': object.length }).end(object);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The SDK sends a stream in chunks that carry their length and end with a checksum. */
function decode(request: IncomingMessage, body: Buffer): Buffer {
  if (!String(request.headers['content-encoding'] ?? '').includes('aws-chunked')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, line).toString(), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
