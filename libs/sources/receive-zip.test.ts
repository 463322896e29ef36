import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import yazl from 'yazl';
import type { ArtifactBytes } from './artifact-bytes.js';
import { defaultZipLimits, type ReceivedZip, receiveZip, type ZipLimits } from './index.js';

/** Keeps the pieces in memory. */
function inMemory(): ArtifactBytes {
  const kept = new Map<string, Buffer[]>();
  return {
    newStorage: () => ({}),
    discard: async ({ id }) => void kept.delete(id),
    async write({ id }, bytes) {
      const pieces: Buffer[] = [];
      kept.set(id, pieces);
      for await (const piece of bytes) pieces.push(Buffer.from(piece));
    },
    async *read({ id }) {
      yield* kept.get(id) ?? [];
    },
  };
}

const place = { id: 'a', storage: {} };

async function* inPartsOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const receive = (bytes: Buffer, limits: Partial<ZipLimits> = {}, partSize = 10_007): Promise<ReceivedZip> =>
  receiveZip(inPartsOf(bytes, partSize), place, inMemory(), { ...defaultZipLimits, ...limits });

async function codeOf(bytes: Buffer, limits: Partial<ZipLimits> = {}): Promise<string> {
  const received = await receive(bytes, limits);
  return received.ok ? 'accepted' : received.refusal.code;
}

/** A zip entry written by hand, so that each header can lie by itself. */
interface Entry {
  name: string;
  data?: Buffer;
  method?: number;
  flags?: number;
  mode?: number;
  local?: { name?: string; method?: number; compressedSize?: number; crc32?: number };
  directory?: { offset?: number; uncompressedSize?: number; compressedSize?: number };
  extra?: Buffer;
}

function zipOf(entries: Entry[], options: { count?: number; comment?: string; between?: Buffer } = {}): Buffer {
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const raw = entry.data ?? Buffer.from(`// ${entry.name}\n`);
    const method = entry.method ?? 8;
    const packed = method === 8 ? deflateRawSync(raw) : raw;
    const localName = Buffer.from(entry.local?.name ?? entry.name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(entry.flags ?? 0, 6);
    local.writeUInt16LE(entry.local?.method ?? method, 8);
    local.writeUInt32LE(entry.local?.crc32 ?? 7, 14);
    local.writeUInt32LE(entry.local?.compressedSize ?? packed.length, 18);
    local.writeUInt32LE(entry.directory?.uncompressedSize ?? raw.length, 22);
    local.writeUInt16LE(localName.length, 26);
    const central = Buffer.alloc(46);
    const name = Buffer.from(entry.name);
    const extra = entry.extra ?? Buffer.alloc(0);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE((3 << 8) | 20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(entry.flags ?? 0, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(7, 16);
    central.writeUInt32LE(entry.directory?.compressedSize ?? packed.length, 20);
    central.writeUInt32LE(entry.directory?.uncompressedSize ?? raw.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
    central.writeUInt32LE(entry.directory?.offset ?? at, 42);
    body.push(local, localName, packed);
    directory.push(central, name, extra);
    at += 30 + localName.length + packed.length;
  }
  if (options.between) {
    body.push(options.between);
    at += options.between.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.count ?? entries.length, 8);
  end.writeUInt16LE(options.count ?? entries.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...body, directoryBytes, end, comment]);
}

async function fromYazl(fill: (zip: yazl.ZipFile) => void): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  fill(zip);
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('what ordinary tools write', () => {
  test('is taken under the digest and size of its bytes, however they are cut', async () => {
    const bytes = await fromYazl((zip) => {
      zip.addBuffer(Buffer.from('exports.handler = 1'), 'index.js');
      zip.addBuffer(Buffer.alloc(300_000, 'x'), 'lib/größe.js', { compress: false });
      zip.addEmptyDirectory('empty');
    });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    for (const partSize of [1, 1000, bytes.length]) {
      expect(await receive(bytes, {}, partSize)).toEqual({ ok: true, sha256, sizeBytes: bytes.length });
    }
  });

  test('with sizes that follow the data is taken', async () => {
    const { Readable } = await import('node:stream');
    const bytes = await fromYazl((zip) => zip.addReadStream(Readable.from([Buffer.from('streamed')]), 'index.js'));
    expect(await codeOf(bytes)).toBe('accepted');
  });

  test('in zip64 form is taken', async () => {
    const bytes = await fromYazl((zip) =>
      zip.addBuffer(Buffer.from('large'), 'index.js', { forceZip64Format: true } as never),
    );
    expect(await codeOf(bytes)).toBe('accepted');
  });

  test('with a comment, a leading ./ and a gap before the directory is taken', async () => {
    expect(await codeOf(zipOf([{ name: './index.js' }], { comment: 'made by hand' }))).toBe('accepted');
    expect(await codeOf(zipOf([{ name: 'index.js' }], { between: Buffer.alloc(5000) }))).toBe('accepted');
  });
});

describe('what is no code is refused with its reason', () => {
  const longName = 'x'.repeat(70_000);
  const cases: [string, string, () => Buffer][] = [
    ['nothing', 'artifact_empty', () => Buffer.alloc(0)],
    ['three bytes', 'zip_unreadable', () => Buffer.from('PK\x03')],
    ['a text', 'zip_unreadable', () => Buffer.from('#!/bin/sh\nexit 1\n')],
    ['a zip behind a stub', 'zip_unreadable', () => Buffer.concat([Buffer.from('MZ'), zipOf([{ name: 'a' }])])],
    ['a cut zip', 'zip_unreadable', () => zipOf([{ name: 'a' }, { name: 'b' }]).subarray(0, -10)],
    ['bytes after the end', 'zip_unreadable', () => Buffer.concat([zipOf([{ name: 'a' }]), Buffer.from('tail')])],
    ['only folders', 'zip_no_entries', () => zipOf([{ name: 'lib/', data: Buffer.alloc(0), mode: 0o040755 }])],
    ['a path that leads outside', 'zip_path', () => zipOf([{ name: 'lib/../../etc/passwd' }])],
    ['an absolute path', 'zip_path', () => zipOf([{ name: '/etc/passwd' }])],
    ['a drive letter', 'zip_path', () => zipOf([{ name: 'C:evil.js' }])],
    ['a backslash', 'zip_path', () => zipOf([{ name: '..\\evil.js' }])],
    ['a NUL', 'zip_path', () => zipOf([{ name: 'index.js\0.png' }])],
    ['an empty name', 'zip_path', () => zipOf([{ name: '' }])],
    ['a second name in an extra field', 'zip_path', () => zipOf([{ name: 'a', extra: unicodePath('../b') }])],
    ['a symbolic link', 'zip_symlink', () => zipOf([{ name: 'link', mode: 0o120777 }])],
    ['a device', 'zip_symlink', () => zipOf([{ name: 'null', mode: 0o020666 }])],
    ['the same path twice', 'zip_duplicate', () => zipOf([{ name: 'a.js' }, { name: 'a.js' }])],
    ['the same path spelt twice', 'zip_duplicate', () => zipOf([{ name: 'lib/a.js' }, { name: './lib//a.js' }])],
    [
      'two entries over the same bytes',
      'zip_overlap',
      () =>
        zipOf(
          [{ name: 'a' }, { name: 'a2', local: { name: 'a' } }].map((entry, i) =>
            i === 1 ? { ...entry, directory: { offset: 0 } } : entry,
          ),
        ),
    ],
    ['data that reaches into the directory', 'zip_overlap', () => overlong()],
    [
      'another name in front of the entry',
      'zip_headers_differ',
      () => zipOf([{ name: 'good.js', local: { name: 'evil.js' } }]),
    ],
    ['another method in front of the entry', 'zip_headers_differ', () => zipOf([{ name: 'a', local: { method: 0 } }])],
    ['another checksum in front of the entry', 'zip_headers_differ', () => zipOf([{ name: 'a', local: { crc32: 8 } }])],
    [
      'another size in front of the entry',
      'zip_headers_differ',
      () => zipOf([{ name: 'a', local: { compressedSize: 1 } }]),
    ],
    ['an offset into nowhere', 'zip_headers_differ', () => zipOf([{ name: 'a', directory: { offset: 5 } }])],
    ['an offset behind the end', 'zip_headers_differ', () => zipOf([{ name: 'a', directory: { offset: 0xfffffff0 } }])],
    [
      'entries that the end record does not count',
      'zip_headers_differ',
      () => zipOf([{ name: 'a' }, { name: 'b' }], { count: 1 }),
    ],
    ['fewer entries than the end record counts', 'zip_unreadable', () => zipOf([{ name: 'a' }], { count: 2 })],
    ['an encrypted entry', 'zip_method', () => zipOf([{ name: 'a', flags: 1 }])],
    ['an exotic compression', 'zip_method', () => zipOf([{ name: 'a', method: 93 }])],
    [
      'an entry that grows ten thousand times',
      'zip_ratio',
      () => zipOf([{ name: 'a', directory: { uncompressedSize: 100_000_000 } }]),
    ],
    ['251 MB unpacked', 'zip_too_large_unpacked', () => zipOf(unpacking(251 * 1024 * 1024))],
    [
      'a name longer than the format allows',
      'zip_unreadable',
      () => Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.from(longName)]),
    ],
  ];
  test.each(cases)('%s', async (_, code, make) => {
    expect(await codeOf(make())).toBe(code);
  });

  test('a million entries are refused by their count alone', async () => {
    const bytes = zipOf([{ name: 'a' }]);
    expect(await codeOf(bytes, { maxEntries: 0 })).toBe('zip_too_many_entries');
    const many = zip64With(1_000_000);
    expect(await codeOf(many)).toBe('zip_too_many_entries');
  });

  test('more bytes than allowed stop the stream at the limit', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('PK\x03\x04');
      for (;;) {
        given += 65_536;
        yield Buffer.alloc(65_536);
      }
    }
    const received = await receiveZip(endless(), place, inMemory(), { ...defaultZipLimits, maxBytes: 1_000_000 });
    expect(received).toMatchObject({ ok: false, refusal: { code: 'artifact_too_large' } });
    expect(given).toBeLessThan(1_200_000);
  });

  test('a stream that breaks off rejects, so that nothing of it is kept', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield zipOf([{ name: 'a' }]).subarray(0, 20);
      throw new Error('connection reset');
    }
    await expect(receiveZip(broken(), place, inMemory())).rejects.toThrow('connection reset');
  });
});

test('whatever bit of a zip is wrong, the answer is a value and never an exception', async () => {
  const good = zipOf([{ name: 'index.js' }, { name: 'lib/a.js', method: 0 }]);
  const answers = new Set<string>();
  for (let at = 0; at < good.length; at += 1) {
    for (const bit of [0x01, 0x80]) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ bit;
      const received = await receive(bad);
      answers.add(received.ok ? 'accepted' : received.refusal.code);
    }
  }
  expect(answers).toContain('zip_unreadable');
  expect(answers).toContain('zip_headers_differ');
});

test('an entry name in a refusal cannot break a log line or reach the terminal', async () => {
  const received = await receive(zipOf([{ name: '../\u001b[31m\nred\u202e' }]));
  expect(received.ok).toBe(false);
  expect(JSON.stringify(received)).not.toMatch(/[\u001b\n\u202e]/);
  if (!received.ok) expect(received.refusal.sentence).not.toMatch(/[\u0000-\u001f\u202e]/);
});

function unicodePath(name: string): Buffer {
  const bytes = Buffer.from(name);
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + bytes.length, 2);
  field.writeUInt8(1, 4);
  return Buffer.concat([field, bytes]);
}

/** Both headers claim more data than there is room for. */
function overlong(): Buffer {
  const data = Buffer.from('0123456789');
  const sizes = { compressedSize: 5000, uncompressedSize: 5000 };
  const zip = zipOf([{ name: 'a', data, method: 0, local: { compressedSize: 5000 }, directory: sizes }]);
  return zip;
}

/** Entries below the ratio limit that unpack to `total` together. */
function unpacking(total: number): Entry[] {
  const each = 1024 * 1024;
  return Array.from({ length: Math.ceil(total / each) }, (_, index) => ({
    name: `part-${index}`,
    directory: { uncompressedSize: each },
  }));
}

/** A directory that claims `count` entries in zip64 form. */
function zip64With(count: number): Buffer {
  const zip = zipOf([{ name: 'a' }]);
  const end = zip.subarray(-22);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(zip.length - 22), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([zip.subarray(0, -22), record, locator, end]);
}
