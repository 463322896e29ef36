import yauzl from 'yauzl';
import { checkEntry, normalPath } from './check-entry.js';
import { type DirectoryEntry, UTF8_NAME } from './directory-entry.js';
import { showName, type ZipLimits, type ZipRefusal } from './zip-refusal.js';

export interface Directory {
  /** In the order of their place in the file. */
  readonly entries: readonly DirectoryEntry[];
  readonly start: number;
}

export type DirectoryResult =
  | { readonly ok: true; readonly directory: Directory }
  | { readonly ok: false; readonly refusal: ZipRefusal };

const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_END_OF_DIRECTORY = 0x06064b50;

/** The last bytes of a file, readable by their position in the whole file. */
class TailReader extends yauzl.RandomAccessReader {
  constructor(
    readonly tail: Buffer,
    readonly tailStart: number,
  ) {
    super();
  }
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    const from = position - this.tailStart;
    if (from < 0) {
      callback(new DirectoryTooLarge('The directory begins before what is kept of the file.'));
      return;
    }
    callback(null, this.tail.copy(buffer, offset, from, Math.min(from + length, this.tail.length)));
  }
  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

class DirectoryTooLarge extends Error {}

/**
 * Reads the zip's directory from the file's last bytes and checks everything that can be known from it alone. Sizes are
 * what the directory claims: nothing is unpacked here, so a lie costs nothing.
 */
export async function readDirectory(tail: Buffer, totalBytes: number, limits: ZipLimits): Promise<DirectoryResult> {
  const reader = new TailReader(tail, totalBytes - tail.length);
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, totalBytes, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    });
    // yauzl declares this position as a boolean; it is the offset of the next entry.
    const position = zip as unknown as { readEntryCursor: number };
    const start = position.readEntryCursor;
    if (zip.entryCount > limits.maxEntries) return refuse('zip_too_many_entries', tooMany(zip.entryCount, limits));
    if (zip.entryCount === 0) return refuse('zip_no_entries', 'The zip file’s directory is empty.');
    const check = new DirectoryCheck(limits);
    for await (const entry of zip.eachEntry()) {
      const refusal = check.add(toDirectoryEntry(entry));
      if (refusal) return { ok: false, refusal };
    }
    // What follows the last entry must be the end record: otherwise other readers may find entries that were not checked.
    const next = position.readEntryCursor - reader.tailStart;
    const signature = next + 4 <= tail.length ? tail.readUInt32LE(next) : 0;
    if (signature !== END_OF_DIRECTORY && signature !== ZIP64_END_OF_DIRECTORY) {
      return refuse('zip_headers_differ', 'The zip file’s directory holds more, or other, entries than it says.');
    }
    return check.finish(start);
  } catch (error) {
    if (error instanceof DirectoryTooLarge) {
      return refuse('zip_too_many_entries', 'The zip file’s directory is larger than Sluice reads.');
    }
    if (error instanceof UnreadableName) return refuse('zip_path', error.message);
    return refuse('zip_unreadable', 'The zip file’s directory is missing, cut off or damaged.');
  }
}

class DirectoryCheck {
  private readonly entries: DirectoryEntry[] = [];
  private readonly paths = new Set<string>();
  private unpackedBytes = 0;

  constructor(private readonly limits: ZipLimits) {}

  add(entry: DirectoryEntry): ZipRefusal | undefined {
    const refusal = checkEntry(entry, this.limits);
    if (refusal) return refusal;
    this.unpackedBytes += entry.uncompressedSize;
    if (this.unpackedBytes > this.limits.maxUnpackedBytes) {
      const sentence = `The entries unpack to more than ${this.limits.maxUnpackedBytes} bytes.`;
      return { code: 'zip_too_large_unpacked', sentence };
    }
    const path = normalPath(entry.name);
    if (this.paths.has(path)) {
      return { code: 'zip_duplicate', sentence: `The path ${showName(path)} is there more than once.` };
    }
    this.paths.add(path);
    this.entries.push(entry);
    return undefined;
  }

  finish(start: number): DirectoryResult {
    if (this.entries.every((entry) => entry.name.endsWith('/'))) {
      return refuse('zip_no_entries', 'The zip file holds only folders.');
    }
    const entries = this.entries.sort((left, right) => left.headerOffset - right.headerOffset);
    return { ok: true, directory: { entries, start } };
  }
}

class UnreadableName extends Error {}

function toDirectoryEntry(entry: yauzl.Entry): DirectoryEntry {
  return {
    name: nameOf(entry),
    nameBytes: entry.fileNameRaw,
    flags: entry.generalPurposeBitFlag,
    method: entry.compressionMethod,
    crc32: entry.crc32,
    compressedSize: entry.compressedSize,
    uncompressedSize: entry.uncompressedSize,
    externalAttributes: entry.externalFileAttributes,
    headerOffset: entry.relativeOffsetOfLocalHeader,
  };
}

const UNICODE_PATH = 0x7075;

/** A second name in an extra field would let two readers see two names, so it is not taken. */
function nameOf({ fileNameRaw, generalPurposeBitFlag, extraFields }: yauzl.Entry): string {
  const second = extraFields.find((field) => field.id === UNICODE_PATH)?.data.subarray(5);
  if (second && !second.equals(fileNameRaw)) throw new UnreadableName('An entry carries two different names.');
  if (!(generalPurposeBitFlag & UTF8_NAME)) return fileNameRaw.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fileNameRaw);
  } catch {
    throw new UnreadableName('An entry’s name is not valid UTF-8.');
  }
}

function tooMany(count: number, limits: ZipLimits): string {
  return `The zip file has ${count} entries; ${limits.maxEntries} are allowed.`;
}

function refuse(code: ZipRefusal['code'], sentence: string): { readonly ok: false; readonly refusal: ZipRefusal } {
  return { ok: false, refusal: { code, sentence } };
}
