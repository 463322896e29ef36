import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usage } from '../failure.js';

/** A JSON file as typed by a person; `what` names it in the error, `example` shows one. */
export async function readJsonFile(text: string, cwd: string, what: string, example: string): Promise<unknown> {
  const path = resolve(cwd, text);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`The ${what} ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, example);
  }
  try {
    return JSON.parse(content);
  } catch (error) {
    throw usage(`The ${what} ${path} is not JSON: ${(error as Error).message}.`);
  }
}
