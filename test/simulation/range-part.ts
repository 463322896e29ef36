import { type Range, runRange } from './range.js';

/** One part of a run on several cores: told its range by the process that began it, which it tells what came of it. */
process.once('message', async (range) => {
  const result = await runRange(range as Range);
  process.send?.(result, () => process.disconnect());
});
