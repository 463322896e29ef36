/** Why an upload is not taken as code. The API's error catalogue has a sentence and a remedy for each. */
export type ZipRefusalCode =
  | 'artifact_too_large'
  | 'artifact_empty'
  | 'zip_unreadable'
  | 'zip_no_entries'
  | 'zip_too_many_entries'
  | 'zip_too_large_unpacked'
  | 'zip_ratio'
  | 'zip_symlink'
  | 'zip_path'
  | 'zip_duplicate'
  | 'zip_overlap'
  | 'zip_headers_differ'
  | 'zip_method';

export interface ZipRefusal {
  readonly code: ZipRefusalCode;
  /** What exactly was found, in one sentence; entry names are quoted and shortened. */
  readonly sentence: string;
}

export interface ZipLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxUnpackedBytes: number;
  /** Unpacked size over packed size of one entry … */
  readonly maxRatio: number;
  /** … counted only for entries that unpack to more than this. */
  readonly ratioFromBytes: number;
  /** The directory at the end is the one part that is kept in memory. */
  readonly maxDirectoryBytes: number;
}

/** Lambda's own limits where it has them: 50 MB in a direct upload, 250 MB unpacked. */
export const defaultZipLimits: ZipLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxEntries: 50_000,
  maxUnpackedBytes: 262_144_000,
  maxRatio: 250,
  ratioFromBytes: 1024 * 1024,
  maxDirectoryBytes: 8 * 1024 * 1024,
};

const LONGEST_NAME_SHOWN = 80;

/** An entry's name as it may stand in an answer or a log: quoted, escaped, shortened. */
export function showName(name: string): string {
  const shown = name.length > LONGEST_NAME_SHOWN ? `${name.slice(0, LONGEST_NAME_SHOWN)}…` : name;
  return JSON.stringify(shown).replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
