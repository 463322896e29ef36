import type { CreateDeployment } from '#contracts';
import { isDataFile, readDataFile } from './read-data-file.js';

type Strategy = NonNullable<CreateDeployment['strategy']>;

const EXAMPLE = 'Give a file such as {"type": "canary", "weightPercent": 10, "bake": "5m"}, or the name of a strategy.';

/** A strategy's name, or what a JSON or YAML file says: anything with a slash or such an ending is a file. */
export async function readStrategy(text: string, cwd: string): Promise<Strategy> {
  if (!isDataFile(text)) return text;
  // What it may hold is checked with the whole request, by the contract.
  return (await readDataFile(text, cwd, 'strategy file', EXAMPLE)) as Strategy;
}
