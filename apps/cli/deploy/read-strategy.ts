import type { CreateDeployment } from '#contracts';
import { readJsonFile } from './read-json.js';

type Strategy = NonNullable<CreateDeployment['strategy']>;

const EXAMPLE = 'Give a file such as {"type": "canary", "weightPercent": 10, "bake": "5m"}, or the name of a strategy.';

/** A strategy's name, or what a JSON file says: anything with a slash or ending in `.json` is a file. */
export async function readStrategy(text: string, cwd: string): Promise<Strategy> {
  if (!/[\\/]|\.json$/i.test(text)) return text;
  // What it may hold is checked with the whole request, by the contract.
  return (await readJsonFile(text, cwd, 'strategy file', EXAMPLE)) as Strategy;
}
