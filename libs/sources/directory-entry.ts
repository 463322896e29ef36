/** One entry as the zip's directory describes it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly externalAttributes: number;
  readonly headerOffset: number;
}

export const ENCRYPTED = 0x1;
export const SIZES_FOLLOW = 0x8;
export const STRONG_ENCRYPTION = 0x40;
export const UTF8_NAME = 0x800;
export const MASKED_HEADERS = 0x2000;
