import type { DeploymentView, ExplanationView } from '#contracts';
import { fold, ink, type Style, wrap } from './style.js';
import { facts, table } from './table.js';
import { rate, timeOfDay, weight } from './words.js';

type Block = ExplanationView['blocks'][number];

/** More lines than a screen has explain nothing: the first and the last ones are shown. */
const MOST_ROWS = 40;
const CHART_COLUMNS = 60;

/** The evidence block by block, under a chart of how it grew. */
export function explanationLines(style: Style, deployment: DeploymentView, explanation: ExplanationView): string[] {
  const { blocks, baseline, sentence, profile } = explanation;
  const known = baseline
    ? `${baseline.requestsPerSecond.toFixed(1)} requests a second, ${rate(baseline.errorRate)} errors`
    : undefined;
  const heading = [
    `${ink(style, 'bold', deployment.target.name)}, deployment ${deployment.id}`,
    ...facts(style, [['Profile', profile], ['Before', known], ...probeFacts(explanation.probes)]),
  ];
  if (blocks.length === 0) return [...heading, '', '  No evidence was seen: the judge was fed no block.'];
  const said = sentence
    ? wrap(fold(style, sentence), style.columns && style.columns - 2).map((line) => `  ${line}`)
    : [];
  return [...heading, '', ...chart(style, blocks), '', ...rows(style, blocks), '', ...said];
}

/** What the probes showed, in one line each; nothing without them. */
function probeFacts(probes: ExplanationView['probes']): [string, string][] {
  if (!probes) return [];
  const side = ({ succeeded, failed, warmMs, initMs }: typeof probes.stable) =>
    [
      `${succeeded} of ${succeeded + failed} invocations succeeded`,
      ...(warmMs === undefined ? [] : [`${Math.round(warmMs)} ms warm`]),
      ...(initMs === undefined ? [] : [`${Math.round(initMs)} ms to start cold`]),
    ].join(', ');
  return [
    ['Probes', `${probes.verdict}: ${probes.sentence}`],
    ['  stable', side(probes.stable)],
    ['  canary', side(probes.canary)],
  ];
}

function rows(style: Style, blocks: readonly Block[]): string[] {
  const header = ['TIME (UTC)', 'WEIGHT', 'STABLE', 'CANARY', 'WORSE?', 'SAFE?', 'VERDICT'];
  const shown =
    blocks.length <= MOST_ROWS ? blocks : [...blocks.slice(0, MOST_ROWS / 2), ...blocks.slice(-MOST_ROWS / 2)];
  const lines = table(style, header, shown.map(cells));
  if (shown.length < blocks.length) {
    lines.splice(1 + MOST_ROWS / 2, 0, `… ${blocks.length - shown.length} blocks more; --json has them all`);
  }
  return lines;
}

function cells(block: Block): string[] {
  const { stable, canary } = block;
  return [
    timeOfDay(new Date(block.startMs).toISOString()),
    weight(block.weightPercent),
    `${stable.errors} of ${stable.invocations}`,
    `${canary.errors} of ${canary.invocations}`,
    eValue(block.rollbackE),
    eValue(block.advanceE),
    `${block.kind} (${block.reason.replaceAll('_', ' ')})`,
  ];
}

/** Odds against chance: 1 says nothing, 100 rolls back, 20 lets pass. */
function eValue(value: number): string {
  if (value >= 1e6) return 'over 1e6';
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

const RAMP = { unicode: '▁▂▃▄▅▆▇█', ascii: '.:-=+*#@' };

/** Three rows of one character a block: the weight, the canary's errors, and the evidence against it. */
function chart(style: Style, blocks: readonly Block[]): string[] {
  const step = Math.max(1, Math.ceil(blocks.length / CHART_COLUMNS));
  const picked = blocks.filter((_, index) => index % step === step - 1 || index === blocks.length - 1);
  const marks = style.unicode ? RAMP.unicode : RAMP.ascii;
  const draw = (share: (block: Block) => number) =>
    picked.map((block) => marks[Math.min(7, Math.max(0, Math.round(share(block) * 7)))]).join('');
  return facts(style, [
    ['Weight', `${draw((block) => block.weightPercent / 100)}  0 to 100 %`],
    ['Errors', `${draw((block) => block.canary.errors / Math.max(1, block.canary.invocations))}  canary, 0 to 100 %`],
    [
      'Worse?',
      `${draw((block) => Math.log10(Math.max(1, block.rollbackE)) / 2)}  evidence against the canary, up to 100 : 1`,
    ],
  ]);
}
