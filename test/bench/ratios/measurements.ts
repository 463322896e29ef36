import type { Reading } from './figures.js';
import { measureAccepts } from './measure-accept.js';
import { measureBoot } from './measure-boot.js';
import { measureBudget, measureCalls } from './measure-calls.js';
import { measureChaos } from './measure-chaos.js';
import { measureHistory } from './measure-history.js';
import { measureKill } from './measure-kill.js';
import { measureFlakiness, measureSimulation } from './measure-programs.js';
import { measureRedisDown } from './measure-redis-down.js';
import { measureRollbacks } from './measure-rollback.js';
import { measureFlush, measureIdle, measureLagOfAHundredThousand, measureLagOfThousands } from './measure-scale.js';
import { measureSteps } from './measure-steps.js';
import type { BenchWorld, Options } from './world.js';

export interface Measurement {
  /** The figures it answers, without their sides: `P7` stands for `P7 faults` as well. */
  readonly figures: readonly string[];
  /** Too long to be repeated: one round, whatever was asked. */
  readonly once?: true;
  /** Left out unless it is asked for by name. */
  readonly onlyWhenAsked?: true;
  /** False: on the first queue engine only, because the queue has no part in it. */
  readonly perQueue: boolean;
  readonly run: (world: BenchWorld, options: Options) => Promise<Reading[]>;
}

export const measurements: readonly Measurement[] = [
  { figures: ['P1', 'P2', 'P3', 'P4'], perQueue: true, run: measureAccepts },
  { figures: ['P5', 'P6'], perQueue: true, run: measureSteps },
  { figures: ['P7'], perQueue: true, run: measureCalls },
  { figures: ['P8'], perQueue: true, once: true, run: measureBudget },
  { figures: ['P9'], perQueue: true, run: measureLagOfThousands },
  { figures: ['P10'], perQueue: true, once: true, run: measureLagOfAHundredThousand },
  { figures: ['P11'], perQueue: true, once: true, run: measureIdle },
  { figures: ['P12'], perQueue: true, run: measureKill },
  { figures: ['P13'], perQueue: true, run: measureFlush },
  { figures: ['P14'], perQueue: true, once: true, onlyWhenAsked: true, run: measureChaos },
  { figures: ['P15'], perQueue: true, run: measureRedisDown },
  { figures: ['P16'], perQueue: false, run: measureSimulation },
  { figures: ['P17'], perQueue: true, run: measureRollbacks },
  { figures: ['P19'], perQueue: false, once: true, run: measureHistory },
  { figures: ['P20'], perQueue: true, run: measureBoot },
  { figures: ['P21'], perQueue: false, once: true, onlyWhenAsked: true, run: measureFlakiness },
];
