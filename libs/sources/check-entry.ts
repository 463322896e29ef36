import { type DirectoryEntry, ENCRYPTED, MASKED_HEADERS, STRONG_ENCRYPTION } from './directory-entry.js';
import { showName, type ZipLimits, type ZipRefusal } from './zip-refusal.js';

const STORED = 0;
const DEFLATED = 8;

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** What one entry of the directory may not be, whatever the others are. `undefined` = nothing is wrong with it. */
export function checkEntry(entry: DirectoryEntry, limits: ZipLimits): ZipRefusal | undefined {
  return checkPath(entry) ?? checkFileType(entry) ?? checkMethod(entry) ?? checkRatio(entry, limits);
}

/** The path without empty and `.` segments: two entries with the same one would land in the same place. */
export function normalPath(name: string): string {
  return name
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

function checkPath({ name }: DirectoryEntry): ZipRefusal | undefined {
  const wrong =
    name === ''
      ? 'has no name'
      : name.includes('\0')
        ? 'has a NUL in its name'
        : name.includes('\\')
          ? 'has a backslash in its name'
          : name.startsWith('/') || /^[a-zA-Z]:/.test(name)
            ? 'has an absolute path'
            : name.split('/').includes('..')
              ? 'leads outside with ".."'
              : undefined;
  return wrong ? { code: 'zip_path', sentence: `The entry ${showName(name)} ${wrong}.` } : undefined;
}

/** The Unix mode stands in the upper half; extractors look at it whatever system the zip claims to come from. */
function checkFileType({ name, externalAttributes }: DirectoryEntry): ZipRefusal | undefined {
  const type = (externalAttributes >>> 16) & FILE_TYPE;
  if (type === 0 || type === REGULAR || type === FOLDER) return undefined;
  return { code: 'zip_symlink', sentence: `The entry ${showName(name)} is neither a file nor a folder.` };
}

function checkMethod({ name, flags, method }: DirectoryEntry): ZipRefusal | undefined {
  if (flags & (ENCRYPTED | STRONG_ENCRYPTION | MASKED_HEADERS)) {
    return { code: 'zip_method', sentence: `The entry ${showName(name)} is encrypted.` };
  }
  if (method === STORED || method === DEFLATED) return undefined;
  return { code: 'zip_method', sentence: `The entry ${showName(name)} is compressed with method ${method}.` };
}

function checkRatio(entry: DirectoryEntry, limits: ZipLimits): ZipRefusal | undefined {
  const { name, uncompressedSize, compressedSize, method } = entry;
  if (method === STORED && uncompressedSize !== compressedSize) {
    return {
      code: 'zip_headers_differ',
      sentence: `The entry ${showName(name)} is stored, yet its two sizes differ.`,
    };
  }
  if (uncompressedSize <= limits.ratioFromBytes) return undefined;
  if (uncompressedSize <= compressedSize * limits.maxRatio) return undefined;
  const ratio = compressedSize === 0 ? 'without end' : `${Math.round(uncompressedSize / compressedSize)} times`;
  return { code: 'zip_ratio', sentence: `The entry ${showName(name)} grows ${ratio} when unpacked.` };
}
