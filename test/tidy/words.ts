import { createHash } from 'node:crypto';
import type { SourceFile } from './source-files.js';

/**
 * Synonyms that the vocabulary of ARCHITECTURE.md replaced, only the worst ones: words that made two readers think of
 * two different things. Matched as whole words inside identifiers and prose alike.
 */
export const SYNONYMS: Record<string, string> = {
  pipeline: 'rollout',
  workflow: 'rollout',
  tenant: 'project',
  workspace: 'project',
  snapshot: 'rollback point',
  bluegreen: 'stable and canary',
  destination: 'target',
};

/** Promises to come back later are not kept; what is unfinished belongs into the issue tracker. */
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|\bstubs?\b|\bfor now\b/;

/**
 * Words that belong to one person's desk and mean nothing to a reader, kept as digests so that this file follows its
 * own rule. Single words and `folder/name` pairs.
 */
const DESK_WORDS = new Set([
  'c857d09db23e6822',
  'c70eca6b0f88f44d',
  '60965168ce762e94',
  '7d3194f79e645c42',
  '3ea125d0bff386e6',
  '487b91042c7cf27a',
  '57de4cf40144bdf7',
  'f0b7f71d2aceb43e',
  '524e783fe279e0e3',
  '9d5e33ea197579b6',
  'a741a208f185a0f6',
  '0ebf1ad2c910b5a9',
  'fd89b69b19c78730',
  'bdd0e40c19513087',
]);

export function synonymsIn(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    wordsWithLines(file).flatMap(([word, line]) =>
      Object.hasOwn(SYNONYMS, word) ? [`${file.path}:${line} "${word}": say ${SYNONYMS[word]}`] : [],
    ),
  );
}

export function unfinishedIn(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (UNFINISHED.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : [])),
  );
}

export function deskWordsIn(files: readonly SourceFile[]): string[] {
  const known = new Map<string, boolean>();
  return files.flatMap((file) => {
    const tokens = new Set(file.text.toLowerCase().match(/[a-z]+|[\w.]+\/[\w.]+/g) ?? []);
    return [...tokens].filter((token) => isDeskWord(token, known)).map((token) => `${file.path}: "${token}"`);
  });
}

function isDeskWord(token: string, known: Map<string, boolean>): boolean {
  let answer = known.get(token);
  if (answer === undefined) {
    answer = DESK_WORDS.has(createHash('sha256').update(token).digest('hex').slice(0, 16));
    known.set(token, answer);
  }
  return answer;
}

/** Splits camelCase and snake_case, so that `deployWorkflow` is found, and the plural in prose as well. */
function wordsWithLines(file: SourceFile): [string, number][] {
  return file.text.split('\n').flatMap((line, index) => {
    const words = line.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
    return words.map((word): [string, number] => [word.toLowerCase().replace(/s$/, ''), index + 1]);
  });
}
