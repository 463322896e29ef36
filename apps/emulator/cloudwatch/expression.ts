import { refused } from './errors.js';

/** A series: the start of each period in milliseconds → its value. */
export type Points = Map<number, number>;

/** What an expression may look at. */
export interface Scope {
  /** The ids that `METRICS()` stands for. */
  all(): string[];
  from: number;
  to: number;
  periodMs: number;
}

type Value = number | Points | Points[];

/** Metric math: arithmetic, FILL, SUM, AVG, MIN, MAX, METRICS, IF and comparisons, over series, arrays and numbers. */
export function evaluate(expression: string, series: (id: string) => Points, scope: Scope): Points {
  const value = new Parser(expression, series, scope).parse();
  if (typeof value === 'number') return constant(value, scope);
  if (Array.isArray(value)) throw problem('the result must be a single series');
  return value;
}

const problem = (what: string) => refused('ValidationError', `Error in expression: ${what}`);

function constant(value: number, scope: Scope): Points {
  const points: Points = new Map();
  const first = Math.floor(scope.from / scope.periodMs) * scope.periodMs;
  for (let at = first; at < scope.to; at += scope.periodMs) points.set(at, value);
  return points;
}

const TOKEN = /\s*([A-Za-z][A-Za-z0-9_]*|\d+(?:\.\d+)?|\|\||&&|[<>=!]=|[-+*/^(),<>])/y;

const BINARY: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '<': (a, b) => (a < b ? 1 : 0),
  '>': (a, b) => (a > b ? 1 : 0),
  '<=': (a, b) => (a <= b ? 1 : 0),
  '>=': (a, b) => (a >= b ? 1 : 0),
  '==': (a, b) => (a === b ? 1 : 0),
  '!=': (a, b) => (a !== b ? 1 : 0),
  '&&': (a, b) => (a && b ? 1 : 0),
  '||': (a, b) => (a || b ? 1 : 0),
};

const LEVELS = [['||'], ['&&'], ['<', '>', '<=', '>=', '==', '!='], ['+', '-'], ['*', '/'], ['^']];

class Parser {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(
    text: string,
    private readonly series: (id: string) => Points,
    private readonly scope: Scope,
  ) {
    TOKEN.lastIndex = 0;
    let end = 0;
    for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
      this.tokens.push(match[1] ?? '');
      end = TOKEN.lastIndex;
    }
    if (text.slice(end).trim() !== '') throw problem(`unexpected "${text.slice(end).trim()}"`);
  }

  parse(): Value {
    const value = this.level(0);
    if (this.at < this.tokens.length) throw problem(`unexpected "${this.tokens[this.at]}"`);
    return value;
  }

  private level(depth: number): Value {
    const operators = LEVELS[depth];
    if (!operators) return this.unary();
    let left = this.level(depth + 1);
    for (;;) {
      const operator = this.tokens[this.at];
      const apply = operator !== undefined && operators.includes(operator) ? BINARY[operator] : undefined;
      if (!apply) return left;
      this.at += 1;
      left = combine(left, this.level(depth + 1), apply);
    }
  }

  private unary(): Value {
    if (this.tokens[this.at] !== '-') return this.atom();
    this.at += 1;
    return combine(0, this.unary(), (a, b) => a - b);
  }

  private atom(): Value {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token === undefined) throw problem('it ends too early');
    if (token === '(') {
      const value = this.level(0);
      this.expect(')');
      return value;
    }
    if (/^\d/.test(token)) return Number(token);
    if (this.tokens[this.at] === '(') return this.call(token);
    return this.series(token);
  }

  private call(name: string): Value {
    this.expect('(');
    const args: Value[] = [];
    const words: string[] = [];
    while (this.tokens[this.at] !== ')') {
      const word = this.tokens[this.at] ?? '';
      if (word === 'REPEAT' || word === 'LINEAR') {
        words.push(word);
        this.at += 1;
      } else args.push(this.level(0));
      if (this.tokens[this.at] === ',') this.at += 1;
    }
    this.expect(')');
    return this.apply(name.toUpperCase(), args, words);
  }

  private apply(name: string, args: Value[], words: string[]): Value {
    const [first, second, third] = args;
    if (name === 'METRICS') return this.scope.all().map((id) => this.series(id));
    if (name === 'FILL') return this.fill(first, words[0] === undefined ? second : undefined);
    if (name === 'IF') return choose(first ?? 0, second ?? 0, third ?? Number.NaN);
    const fold = FOLDS[name];
    if (!fold) throw problem(`unknown function ${name}`);
    return folded(first ?? 0, fold);
  }

  private fill(series: Value | undefined, filler: Value | undefined): Points {
    if (!(series instanceof Map)) throw problem('FILL needs a series');
    const filled = constant(Number.NaN, this.scope);
    let last = Number.NaN;
    for (const at of [...new Set([...filled.keys(), ...series.keys()])].sort((a, b) => a - b)) {
      const other = filler instanceof Map ? filler.get(at) : typeof filler === 'number' ? filler : last;
      last = series.get(at) ?? other ?? Number.NaN;
      filled.set(at, last);
    }
    return new Map([...filled].filter(([, value]) => !Number.isNaN(value)));
  }

  private expect(token: string): void {
    if (this.tokens[this.at] !== token) throw problem(`"${token}" is missing`);
    this.at += 1;
  }
}

const FOLDS: Record<string, (values: number[]) => number> = {
  SUM: (values) => values.reduce((a, b) => a + b, 0),
  AVG: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  ABS: (values) => Math.abs(values[0] ?? 0),
  CEIL: (values) => Math.ceil(values[0] ?? 0),
  FLOOR: (values) => Math.floor(values[0] ?? 0),
};

/** Over an array: one value per moment. Over one series: the whole of it, as a number. */
function folded(value: Value, fold: (values: number[]) => number): Value {
  if (typeof value === 'number') return fold([value]);
  if (!Array.isArray(value)) return fold([...value.values()]);
  const moments = new Set(value.flatMap((points) => [...points.keys()]));
  return new Map([...moments].map((at) => [at, fold(value.flatMap((points) => points.get(at) ?? []))] as const));
}

/** Arithmetic meets where both sides have a value; a division by zero leaves the moment out, as CloudWatch does. */
function combine(left: Value, right: Value, apply: (a: number, b: number) => number): Value {
  if (Array.isArray(left)) return left.map((one) => combine(one, right, apply) as Points);
  if (Array.isArray(right)) return right.map((one) => combine(left, one, apply) as Points);
  if (typeof left === 'number' && typeof right === 'number') return apply(left, right);
  const points: Points = new Map();
  const guide = left instanceof Map ? left : (right as Points);
  for (const at of guide.keys()) {
    const a = left instanceof Map ? left.get(at) : left;
    const b = right instanceof Map ? right.get(at) : (right as number);
    if (a === undefined || b === undefined) continue;
    const value = apply(a, b);
    if (Number.isFinite(value)) points.set(at, value);
  }
  return points;
}

function choose(condition: Value, then: Value, otherwise: Value): Value {
  if (typeof condition === 'number') return condition ? then : otherwise;
  if (Array.isArray(condition)) throw problem('IF needs a series or a number');
  const at = (value: Value, when: number) =>
    value instanceof Map ? value.get(when) : typeof value === 'number' ? value : undefined;
  const points: Points = new Map();
  for (const [when, truth] of condition) {
    const value = at(truth ? then : otherwise, when);
    if (value !== undefined && !Number.isNaN(value)) points.set(when, value);
  }
  return points;
}
