import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createRegistry, silentLogger, systemClock } from '#runtime';
import type { Store } from '#store';
import { Metrics } from '../../apps/api/service/metrics.js';
import { TruthLooks } from '../../apps/api/service/truth.js';
import { WorkerFigures } from '../../apps/worker/telemetry/worker-figures.js';

const DASHBOARD = 'examples/monitoring/grafana-dashboard.json';
const ALERTS = 'examples/monitoring/alerts.yaml';
const PROMTOOL = '/usr/bin/promtool';
const DOCUMENT = 'docs/observability.md';

interface Known {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}

/** Every figure of ours, from the registry that API and worker fill. */
function ourMetrics(): Known[] {
  const registry = createRegistry();
  const connections = () => ({ max: 1, open: 0, idle: 0, waiting: 0 });
  const store = { connections } as unknown as Store;
  const parts = { store, logger: silentLogger, clock: systemClock };
  new Metrics(store, new TruthLooks(parts), () => 0, registry);
  new WorkerFigures(registry, store, systemClock, { ordinaryPerSecond: 12, rollbackPerSecond: 3 });
  const all = registry.getMetricsAsArray() as unknown as (Known & { constructor: { name: string } })[];
  return all
    .filter(({ name }) => name.startsWith('sluice_'))
    .map((metric) => {
      const type = metric.type ?? metric.constructor.name.toLowerCase();
      return { name: metric.name, help: metric.help, type, labelNames: metric.labelNames ?? [] };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const metrics = ourMetrics();

/** The names of all series: a histogram has three. */
const series = new Set(
  metrics.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
const namesIn = (text: string) => [...new Set(text.match(/\bsluice_\w+/g) ?? [])];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

async function dashboard(): Promise<{
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string }[] };
}> {
  return JSON.parse(await readFile(DASHBOARD, 'utf8'));
}

test('names follow Prometheus’ conventions, and every figure is explained in a sentence', () => {
  expect(metrics.length).toBeGreaterThan(25);
  for (const { name, type, help } of metrics) {
    expect(name).toMatch(/^sluice_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z0-9].{10,}\.$/)]);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

test('labels are bounded: none names a deployment, a target or a person', () => {
  const labels = new Set(metrics.flatMap(({ labelNames }) => labelNames ?? []));
  const allowed =
    'account code engine kind lane method node operation outcome phase process region round route state status version';
  expect([...labels].filter((label) => !allowed.split(' ').includes(label))).toEqual([]);
});

test('the dashboard asks for nothing that Sluice does not tell', async () => {
  const { panels } = await dashboard();
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(asked.length).toBeGreaterThan(25);
  // In the whole file: what fills its variables as well.
  const text = await readFile(DASHBOARD, 'utf8');
  expect(namesIn(text).filter((name) => !series.has(name))).toEqual([]);
});

test('the dashboard shows every figure, with panels that lie beside each other', async () => {
  const { panels, schemaVersion, templating } = await dashboard();
  const shown = namesIn(JSON.stringify(panels)).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(metrics.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual([]);
  expect(schemaVersion).toBeGreaterThan(30);
  expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job']);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

/** Labels that an expression asks of a figure which has no such label: the panel would stay empty without a word. */
function strayLabels(expression: string): string[] {
  const labelsOf = (name: string) =>
    metrics.find((metric) => metric.name === name.replace(/_(bucket|sum|count)$/, '') || metric.name === name)
      ?.labelNames;
  const everywhere = ['job', 'instance', 'le'];
  const selected = [...expression.matchAll(/\b(sluice_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      .filter((label) => ![...everywhere, ...(labelsOf(name) ?? [])].includes(label)),
  );
  const known = [...everywhere, ...namesIn(expression).flatMap((name) => labelsOf(name) ?? [])];
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(/\s*,\s*/));
  return [...selected, ...grouped.filter((label) => !known.includes(label))];
}

test('dashboard and alert rules ask for no label that the figure does not have', async () => {
  const { panels } = await dashboard();
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const alerts = [...(await readFile(ALERTS, 'utf8')).matchAll(/expr: (.+)/g)].map(([, expression = '']) => expression);
  expect([...asked, ...alerts].flatMap((one) => strayLabels(one).map((label) => `${label} in ${one}`))).toEqual([]);
});

test('the alert rules ask for nothing that Sluice does not tell, and each says what to do', async () => {
  const text = await readFile(ALERTS, 'utf8');
  const rules = text.split('- alert: ').slice(1);
  expect(rules.length).toBeGreaterThan(10);
  expect(namesIn(text).filter((name) => !series.has(name))).toEqual([]);
  for (const rule of rules)
    expect(rule).toMatch(/expr: .+[\s\S]*severity: (page|warn)[\s\S]*summary: .+[\s\S]*description: .{40,}/);
  // Prometheus' own tool knows its language best; it is not on every machine.
  if (!existsSync(PROMTOOL)) return;
  const { stdout } = await promisify(execFile)(PROMTOOL, ['check', 'rules', ALERTS]);
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
});

const [BEGIN, END] = ['<!-- metrics: made by npm test, see test/monitoring -->\n\n', '\n<!-- end of metrics -->'];

function table(): string {
  const rows = metrics.map(({ name, type, labelNames = [], help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`;
  });
  return ['| Name | Type | Labels | What |', '|---|---|---|---|', ...rows].join('\n');
}

test('the document lists every figure with its labels and its help text', async () => {
  const text = await readFile(DOCUMENT, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  const wanted = `${before}${BEGIN}${table()}${after}`;
  if (process.env['SLUICE_WRITE_DOCUMENTS'] === '1') await writeFile(DOCUMENT, wanted);
  expect(await readFile(DOCUMENT, 'utf8')).toBe(wanted);
});
