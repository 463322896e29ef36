import { type DirectoryEntry, SIZES_FOLLOW } from './directory-entry.js';
import { ForwardReader } from './forward-reader.js';
import type { Directory } from './read-directory.js';
import { showName, type ZipRefusal } from './zip-refusal.js';

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const IN_EXTRA_FIELD = 0xffffffff;
const ZIP64_FIELD = 0x0001;

/**
 * One pass over the bytes, in order: every entry must have its own place before the directory, and the header in front
 * of it must say what the directory says. Two readers that trust different headers would otherwise see different code.
 */
export async function checkHeaders(
  directory: Directory,
  bytes: AsyncIterable<Uint8Array>,
): Promise<ZipRefusal | undefined> {
  const reader = new ForwardReader(bytes);
  try {
    let free = 0;
    for (const entry of directory.entries) {
      if (entry.headerOffset < free) return overlap(entry);
      const header = await readHeader(reader, entry.headerOffset);
      if (!header) return differ(entry, 'there is no header where the directory says it is');
      const wrong = difference(entry, header);
      if (wrong) return differ(entry, wrong);
      free = entry.headerOffset + header.length + entry.compressedSize;
      if (free > directory.start) return overlap(entry);
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

interface LocalHeader {
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly nameBytes: Buffer;
  /** Of the header with its name and extra field: where the data begins. */
  readonly length: number;
}

async function readHeader(reader: ForwardReader, offset: number): Promise<LocalHeader | undefined> {
  const fixed = await reader.read(offset, LOCAL_HEADER_BYTES);
  if (!fixed || fixed.readUInt32LE(0) !== LOCAL_HEADER) return undefined;
  const nameLength = fixed.readUInt16LE(26);
  const extraLength = fixed.readUInt16LE(28);
  const rest = await reader.read(offset + LOCAL_HEADER_BYTES, nameLength + extraLength);
  if (!rest) return undefined;
  const sizes = { compressedSize: fixed.readUInt32LE(18), uncompressedSize: fixed.readUInt32LE(22) };
  return {
    flags: fixed.readUInt16LE(6),
    method: fixed.readUInt16LE(8),
    crc32: fixed.readUInt32LE(14),
    ...withLargeSizes(sizes, rest.subarray(nameLength)),
    nameBytes: rest.subarray(0, nameLength),
    length: LOCAL_HEADER_BYTES + nameLength + extraLength,
  };
}

/** Sizes beyond 32 bits stand in the zip64 extra field, in the local header always both. */
function withLargeSizes(sizes: { compressedSize: number; uncompressedSize: number }, extra: Buffer) {
  if (sizes.compressedSize !== IN_EXTRA_FIELD && sizes.uncompressedSize !== IN_EXTRA_FIELD) return sizes;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) !== ZIP64_FIELD || length < 16 || at + 4 + length > extra.length) continue;
    return {
      uncompressedSize: Number(extra.readBigUInt64LE(at + 4)),
      compressedSize: Number(extra.readBigUInt64LE(at + 12)),
    };
  }
  return sizes;
}

function difference(entry: DirectoryEntry, header: LocalHeader): string | undefined {
  if (!header.nameBytes.equals(entry.nameBytes)) return 'the two names differ';
  if (header.method !== entry.method) return 'the two compression methods differ';
  if (header.flags !== entry.flags) return 'the two sets of flags differ';
  for (const member of ['crc32', 'compressedSize', 'uncompressedSize'] as const) {
    // Written while streaming, the header could not know them yet and has zeros; they follow the data.
    const unknownYet = (entry.flags & SIZES_FOLLOW) !== 0 && header[member] === 0;
    if (header[member] !== entry[member] && !unknownYet) return `the two values of ${member} differ`;
  }
  return undefined;
}

function differ(entry: DirectoryEntry, wrong: string): ZipRefusal {
  return { code: 'zip_headers_differ', sentence: `Entry ${showName(entry.name)}: ${wrong}.` };
}

function overlap(entry: DirectoryEntry): ZipRefusal {
  return { code: 'zip_overlap', sentence: `The entry ${showName(entry.name)} overlaps what lies next to it.` };
}
