import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * A key is `slu_`, 36 random characters and a checksum of 6, all base62 (the format of GitHub's tokens): scanners find
 * it in leaked text by its prefix, and a typing error is told apart from a wrong key without asking the database.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const MARK = 'slu_';
const RANDOM_CHARACTERS = 36;
const CHECKSUM_CHARACTERS = 6;
/** The mark and the first eight random characters find the row; the other 28 (166 bits) are what nobody can guess. */
const PREFIX_CHARACTERS = MARK.length + 8;

const FORM = new RegExp(`^${MARK}[0-9A-Za-z]{${RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}$`);

export function generateApiKey(): string {
  let random = '';
  while (random.length < RANDOM_CHARACTERS) {
    for (const byte of randomBytes(RANDOM_CHARACTERS)) {
      // 248 is the largest multiple of 62 in a byte: what lies above would make some characters likelier than others.
      if (byte < 248 && random.length < RANDOM_CHARACTERS) random += ALPHABET[byte % 62];
    }
  }
  return `${MARK}${random}${checksum(MARK + random)}`;
}

/** Whether a text is a key at all: its form and its checksum, before anything is looked up. */
export function isApiKey(text: string): boolean {
  return FORM.test(text) && checksum(text.slice(0, -CHECKSUM_CHARACTERS)) === text.slice(-CHECKSUM_CHARACTERS);
}

/** The public part, under which the row is found and which people may see in a list. */
export function keyPrefix(key: string): string {
  return key.slice(0, PREFIX_CHARACTERS);
}

/** What is stored instead of the key. The key has more entropy than the digest, so a slow hash would add nothing. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function checksum(text: string): string {
  let value = crc32(text);
  let digits = '';
  for (let index = 0; index < CHECKSUM_CHARACTERS; index += 1) {
    digits = ALPHABET[value % 62] + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}
