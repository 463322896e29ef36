import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import yazl from 'yazl';
import { ApiProblem, artifactView } from '#contracts';
import { defaultZipLimits } from '#sources';
import { checkout, startTestApi, type TestApi } from '../../../test/world/api.js';

const maxBytes = 3_000_000;
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ zipLimits: { ...defaultZipLimits, maxBytes } });
  await api.client.createTarget(checkout);
});
afterAll(() => api.close());

async function zipOf(files: Record<string, Buffer | string>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { compress: false });
  zip.end();
  return Buffer.concat(await Readable.from(zip.outputStream).toArray());
}

const upload = (body: Buffer | ReadableStream | string, headers: Record<string, string> = {}) =>
  api.request('/v1/artifacts', {
    method: 'POST',
    body: body as RequestInit['body'] as string,
    headers: { 'content-type': 'application/zip', ...headers },
    ...{ duplex: 'half' },
  });
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const rows = async (table: string) =>
  Number((await api.store.pool.query(`SELECT count(*) AS count FROM ${table}`)).rows[0]?.count);

describe('uploading code', () => {
  test('stores it under its digest, in pieces, and the bytes come back the same', async () => {
    const bytes = await zipOf({ 'index.mjs': 'export const handler = () => 1', 'data.bin': randomBytes(1_500_000) });
    const view = await api.client.uploadArtifact(bytes, { sha256: digest(bytes), sizeBytes: bytes.length });
    expect(view).toMatchObject({ kind: 'zip', sha256: digest(bytes), sizeBytes: bytes.length, source: 'uploaded' });
    const read: Uint8Array[] = [];
    for await (const chunk of api.store.artifacts.readChunks(view.id)) read.push(chunk);
    expect(digest(Buffer.concat(read))).toBe(digest(bytes));
    expect(read.length).toBeGreaterThan(2);
    expect(await api.client.getArtifact(view.id)).toEqual(view);
  });

  test('streams: what is sent in pieces without a length arrives as well', async () => {
    const bytes = await zipOf({ 'index.mjs': 'export const handler = () => 2' });
    const stream = Readable.toWeb(
      Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]),
    ) as ReadableStream<Uint8Array>;
    expect(await api.client.uploadArtifact(stream)).toMatchObject({ sha256: digest(bytes) });
  });

  test('of the same bytes twice, also at the same time, gives one artifact', async () => {
    const bytes = await zipOf({ 'index.mjs': 'export const handler = () => 3' });
    const before = await rows('artifacts');
    const views = await Promise.all(Array.from({ length: 5 }, () => api.client.uploadArtifact(bytes)));
    expect(new Set(views.map((view) => view.id)).size).toBe(1);
    expect(await rows('artifacts')).toBe(before + 1);
  });

  test('lets a deployment name it by id or digest', async () => {
    const bytes = await zipOf({ 'index.mjs': 'export const handler = () => 4' });
    const { id } = await api.client.uploadArtifact(bytes);
    for (const artifact of [{ id }, { sha256: digest(bytes) }]) {
      const asked = await api.client.createDeployment({ target: 'checkout', artifact });
      expect(asked.artifact).toEqual({ id, kind: 'zip', sha256: digest(bytes), sizeBytes: bytes.length });
    }
  });
});

describe('an upload that is refused leaves nothing behind', () => {
  const refusals: [string, () => Promise<Response>, number, string][] = [
    ['no zip', () => upload('just text'), 422, 'zip_unreadable'],
    ['nothing', () => upload(''), 422, 'artifact_empty'],
    ['too large by its announcement', async () => upload(randomBytes(maxBytes + 1)), 413, 'artifact_too_large'],
    ['too large without an announcement', async () => upload(tooLarge()), 413, 'artifact_too_large'],
    ['not the announced bytes', wrongDigest, 422, 'artifact_digest_mismatch'],
    ['a symbolic link', linked, 422, 'zip_symlink'],
  ];
  test.each(refusals)('%s', async (_, send, status, code) => {
    const before = [await rows('artifacts'), await rows('artifact_chunks')];
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, remedy: expect.stringMatching(/./) });
    expect([await rows('artifacts'), await rows('artifact_chunks')]).toEqual(before);
  });

  test('an upload that breaks off', async () => {
    const before = await rows('artifacts');
    const abort = new AbortController();
    const bytes = await zipOf({ 'index.mjs': randomBytes(600_000) });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 400_000)),
      pull: () => new Promise(() => undefined),
    });
    const sending = api.client.uploadArtifact(body, { signal: abort.signal }).catch((error: Error) => error.name);
    while ((await rows('artifacts')) === before) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await sending).toBe('AbortError');
    while ((await rows('artifacts')) !== before) await new Promise((resolve) => setImmediate(resolve));
  });

  async function wrongDigest(): Promise<Response> {
    return upload(await zipOf({ a: 'a' }), { 'x-content-sha256': 'a'.repeat(64) });
  }
  async function linked(): Promise<Response> {
    const zip = new yazl.ZipFile();
    zip.addBuffer(Buffer.from('/etc/passwd'), 'link', { mode: 0o120777 });
    zip.end();
    return upload(Buffer.concat(await Readable.from(zip.outputStream).toArray()));
  }
  /** Begins as a zip does, and does not end. */
  function tooLarge(): ReadableStream<Uint8Array> {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent > maxBytes * 2) return controller.close();
        const piece = Buffer.alloc(65_536);
        if (sent === 0) piece.set([0x50, 0x4b, 0x03, 0x04]);
        sent += piece.length;
        controller.enqueue(piece);
      },
    });
  }
});

describe('code that lies elsewhere', () => {
  const s3 = { bucket: 'releases', key: 'checkout/17.zip', versionId: 'v1' };
  const imageUri = `000000000000.dkr.ecr.us-east-1.amazonaws.com/checkout@sha256:${'b'.repeat(64)}`;

  test('is named by bucket, key and version, with or without a digest', async () => {
    const plain = artifactView.parse((await api.call('POST', '/v1/artifacts', { s3 })).body);
    expect(plain).toMatchObject({ kind: 's3', sha256: null, source: 's3://releases/checkout/17.zip' });
    const known = await api.client.createArtifactReference({ s3: { ...s3, sha256: 'c'.repeat(64) } });
    const again = await api.client.createArtifactReference({ s3: { ...s3, sha256: 'c'.repeat(64) } });
    expect(again.id).toBe(known.id);
    expect((await api.store.artifacts.get('default', plain.id))?.storage).toEqual(s3);
  });

  test('may be an image, and may be named by the deployment itself', async () => {
    const image = await api.client.createArtifactReference({ imageUri });
    expect(image).toMatchObject({ kind: 'image', sha256: 'b'.repeat(64), source: imageUri });
    const asked = await api.client.createDeployment({ target: 'checkout', artifact: { imageUri } });
    expect(asked.artifact).toMatchObject({ id: image.id, kind: 'image' });
    const fromS3 = await api.client.createDeployment({ target: 'checkout', artifact: { s3 } });
    expect(fromS3.artifact).toMatchObject({ kind: 's3' });
  });

  test.each([
    [{ s3: { bucket: 'releases', key: 'a.zip' } }],
    [{ s3: { ...s3, bucket: '../secrets' } }],
    [{ s3: { ...s3, url: 'http://169.254.169.254/' } }],
    [{ imageUri: 'http://169.254.169.254/latest/meta-data' }],
    [{ imageUri: 'docker.io/library/node:20' }],
    [{ url: 'https://example.com/a.zip' }],
    [{}],
  ])('%j is refused', async (body) => {
    expect((await api.call('POST', '/v1/artifacts', body)).status).toBe(400);
  });
});

test('an unknown artifact is not found, and the bytes of a known one are never served', async () => {
  await expect(api.client.getArtifact('00000000-0000-4000-8000-000000000000')).rejects.toBeInstanceOf(ApiProblem);
  const view = await api.client.uploadArtifact(await zipOf({ 'secret.txt': 'canary-in-the-code' }));
  expect(await (await api.request(`/v1/artifacts/${view.id}`)).text()).not.toContain('canary-in-the-code');
  expect((await api.request(`/v1/artifacts/${view.id}/bytes`)).status).toBe(404);
});
