import { usage } from '../failure.js';
import { readJsonFile } from './read-json.js';

const EXAMPLE = 'Give a file such as {"profile": "careful", "falseRollbackOdds": 0.005}.';

/** Overrides of the judge's policy from a file. What they may be is checked by whoever applies them. */
export async function readPolicy(text: string, cwd: string): Promise<Record<string, unknown>> {
  const value = await readJsonFile(text, cwd, 'policy file', EXAMPLE);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usage(`The policy file ${text} does not hold a JSON object.`, EXAMPLE);
  }
  return value as Record<string, unknown>;
}
