import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CreateDeployment } from '#contracts';
import { usage } from '../failure.js';

/** A strategy's name, or what a JSON file says: anything with a slash or ending in `.json` is a file. */
export async function readStrategy(text: string, cwd: string): Promise<NonNullable<CreateDeployment['strategy']>> {
  if (!/[\\/]|\.json$/i.test(text)) return text;
  const path = resolve(cwd, text);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw usage(
      `The strategy file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Give a file such as {"type": "canary", "weightPercent": 10, "bake": "5m"}, or the name of a strategy.',
    );
  }
  try {
    // What it may hold is checked with the whole request, by the contract.
    return JSON.parse(content);
  } catch (error) {
    throw usage(`The strategy file ${path} is not JSON: ${(error as Error).message}.`);
  }
}
