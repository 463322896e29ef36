/**
 * CloudWatch Logs filter patterns: terms that must, must not (`-`) or may (`?`) occur, quoted phrases, and JSON
 * patterns such as `{ $.type = "platform.report" && $.record.metrics.durationMs > 100 }`.
 */
export type Filter = (message: string) => boolean;

export class BadPattern extends Error {}

export function compileFilter(pattern: string | undefined): Filter {
  const text = pattern?.trim() ?? '';
  if (text === '') return () => true;
  if (text.startsWith('{')) return jsonFilter(text);
  if (text.startsWith('%') && text.endsWith('%') && text.length > 2) {
    const expression = new RegExp(text.slice(1, -1));
    return (message) => expression.test(message);
  }
  return termFilter(text);
}

function termFilter(text: string): Filter {
  const terms = [...text.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(([, mark, phrase, word]) => ({
    mark,
    term: phrase?.replace(/\\(.)/g, '$1') ?? word ?? '',
  }));
  const must = terms.filter((one) => one.mark === '');
  const mustNot = terms.filter((one) => one.mark === '-');
  const may = terms.filter((one) => one.mark === '?');
  return (message) =>
    must.every(({ term }) => message.includes(term)) &&
    !mustNot.some(({ term }) => message.includes(term)) &&
    (may.length === 0 || must.length > 0 || may.some(({ term }) => message.includes(term)));
}

type Test = (value: unknown) => boolean;

const TOKEN =
  /\s*(&&|\|\||[()]|\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\['[^']+'\])+|!=|<=|>=|=|<|>|IS|NOT|EXISTS|NULL|TRUE|FALSE|"(?:[^"\\]|\\.)*"|[^\s()&|=<>!{}]+)/y;

function jsonFilter(text: string): Filter {
  if (!text.endsWith('}')) throw new BadPattern('Invalid filter pattern');
  const test = new JsonPattern(text.slice(1, -1)).parse();
  return (message) => {
    if (!message.startsWith('{')) return false;
    try {
      return test(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

class JsonPattern {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    let end = 0;
    for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
      this.tokens.push(match[1] ?? '');
      end = TOKEN.lastIndex;
    }
    if (text.slice(end).trim() !== '') throw new BadPattern('Invalid filter pattern');
  }

  parse(): Test {
    const test = this.either();
    if (this.at < this.tokens.length) throw new BadPattern('Invalid filter pattern');
    return test;
  }

  private either(): Test {
    const tests = [this.both()];
    while (this.take('||')) tests.push(this.both());
    return (value) => tests.some((test) => test(value));
  }

  private both(): Test {
    const tests = [this.one()];
    while (this.take('&&')) tests.push(this.one());
    return (value) => tests.every((test) => test(value));
  }

  private one(): Test {
    if (this.take('(')) {
      const test = this.either();
      if (!this.take(')')) throw new BadPattern('Invalid filter pattern');
      return test;
    }
    const selector = this.next();
    if (!selector.startsWith('$')) throw new BadPattern('Invalid filter pattern');
    const path = [...selector.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]/g)].map(
      ([, a, b, c]) => a ?? b ?? c ?? '',
    );
    const test = this.comparison();
    return (value) =>
      test(path.reduce<unknown>((at, key) => (at == null ? undefined : (at as Record<string, unknown>)[key]), value));
  }

  private comparison(): Test {
    const operator = this.next();
    if (operator === 'IS') return IS[this.next()] ?? (() => false);
    if (operator === 'NOT') {
      this.next();
      return (value) => value === undefined;
    }
    const compare = COMPARE[operator];
    if (!compare) throw new BadPattern('Invalid filter pattern');
    const token = this.next();
    const wanted = token.startsWith('"') ? (JSON.parse(token) as string) : token;
    return (value) => compare(value, wanted);
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at += 1;
    return true;
  }

  private next(): string {
    const token = this.tokens[this.at];
    if (token === undefined) throw new BadPattern('Invalid filter pattern');
    this.at += 1;
    return token;
  }
}

const IS: Record<string, Test> = {
  NULL: (value) => value === null,
  TRUE: (value) => value === true,
  FALSE: (value) => value === false,
};

function equal(value: unknown, wanted: string): boolean {
  if (value === undefined || value === null) return false;
  if (!wanted.includes('*')) return typeof value === 'number' ? value === Number(wanted) : String(value) === wanted;
  const expression = wanted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${expression.join('.*')}$`, 's').test(String(value));
}

const ordered = (how: (a: number, b: number) => boolean) => (value: unknown, wanted: string) =>
  typeof value === 'number' && how(value, Number(wanted));

const COMPARE: Record<string, (value: unknown, wanted: string) => boolean> = {
  '=': equal,
  '!=': (value, wanted) => value !== undefined && !equal(value, wanted),
  '<': ordered((a, b) => a < b),
  '>': ordered((a, b) => a > b),
  '<=': ordered((a, b) => a <= b),
  '>=': ordered((a, b) => a >= b),
};
