import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { usage } from '../failure.js';

/** Anything with a slash or one of these endings is a file; anything else is a name. */
export function isDataFile(text: string): boolean {
  return /[\\/]|\.(json|ya?ml)$/i.test(text);
}

/** Aliases make a few lines of YAML unfold to gigabytes; nobody needs more of them here. */
const MOST_ALIASES = 20;

/** A JSON or YAML file as typed by a person; `what` names it in the error, `example` shows one. */
export async function readDataFile(text: string, cwd: string, what: string, example: string): Promise<unknown> {
  const path = resolve(cwd, text);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`The ${what} ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, example);
  }
  if (/\.ya?ml$/i.test(path)) return parseYaml(content, `The ${what} ${path}`);
  try {
    return JSON.parse(content);
  } catch (error) {
    throw usage(`The ${what} ${path} is not JSON: ${(error as Error).message}.`);
  }
}

function parseYaml(content: string, what: string): unknown {
  const document = parseDocument(content, { prettyErrors: true, uniqueKeys: true });
  const [problem] = document.errors;
  // The first line of the message says what and where; the lines below it repeat the file.
  if (problem) throw usage(`${what} is not YAML: ${problem.message.split('\n')[0]?.replace(/:$/, '')}.`);
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw usage(`${what} is not YAML that can be used: ${(error as Error).message}.`);
  }
}
