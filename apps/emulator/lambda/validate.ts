import { serialization, validationFailed } from './errors.js';
import { type Operation, type Shape, shapeOf } from './model/index.js';

/** The parts of a request that an operation's members are read from. */
export interface RequestParts {
  uri: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Record<string, unknown>;
}

/** AWS's texts name members in lower camel case: `VpcConfig.SubnetIds` is `vpcConfig.subnetIds`. */
const camel = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** A value as Java prints it inside an error text. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const pairs = Object.entries(value).map(([k, v]) => `${k}=${printed(v)}`);
    return `{${pairs.join(', ')}}`;
  }
  return String(value);
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    compiled = new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : '');
    patterns.set(pattern, compiled);
  }
  return compiled.test(value);
}

interface Constraint {
  text: string;
  holds(value: unknown): boolean;
}

function sizeOf(shape: Shape, value: unknown): number {
  if (shape.type === 'string') return String(value).length;
  if (shape.type === 'list') return (value as unknown[]).length;
  if (shape.type === 'map') return Object.keys(value as object).length;
  return Number(value);
}

/** Everything a shape demands of one value, in the order in which AWS lists it. */
function constraintsOf(shape: Shape): Constraint[] {
  const numeric = shape.type === 'integer' || shape.type === 'long' || shape.type === 'double';
  const measure = numeric ? 'value' : 'length';
  const list: Constraint[] = [];
  const { max, min, pattern, enum: values } = shape;
  if (max !== undefined)
    list.push({
      text: `Member must have ${measure} less than or equal to ${max}`,
      holds: (v) => sizeOf(shape, v) <= max,
    });
  if (min !== undefined)
    list.push({
      text: `Member must have ${measure} greater than or equal to ${min}`,
      holds: (v) => sizeOf(shape, v) >= min,
    });
  if (pattern !== undefined)
    list.push({
      text: `Member must satisfy regular expression pattern: ${pattern}`,
      holds: (v) => matches(pattern, String(v)),
    });
  if (values)
    list.push({
      text: `Member must satisfy enum value set: [${values.join(', ')}]`,
      holds: (v) => values.includes(String(v)),
    });
  return list;
}

/** Collects what is wrong with a request; the caller answers with all of it at once, as AWS does. */
class Inspection {
  readonly problems: string[] = [];

  private report(shape: Shape, value: unknown, path: string, constraint: string) {
    const what = shape.sensitive ? 'Value' : `Value '${printed(value)}'`;
    this.problems.push(`${what} at '${path}' failed to satisfy constraint: ${constraint}`);
  }

  missing(path: string) {
    this.problems.push(`Value null at '${path}' failed to satisfy constraint: Member must not be null`);
  }

  check(shapeName: string, value: unknown, path: string): void {
    const shape = shapeOf(shapeName);
    for (const constraint of constraintsOf(shape))
      if (!constraint.holds(value)) this.report(shape, value, path, constraint.text);
    if (shape.type === 'structure') this.checkMembers(shape, value as Record<string, unknown>, path);
    if (shape.type === 'list') this.checkElements(shape, value as unknown[], path);
    if (shape.type === 'map') this.checkPairs(shape, value as Record<string, unknown>, path);
  }

  private checkMembers(shape: Shape, value: Record<string, unknown>, path: string) {
    for (const name of shape.required ?? []) if (value[name] == null) this.missing(`${path}.${camel(name)}`);
    for (const [name, member] of Object.entries(shape.members ?? {}))
      if (value[name] != null) this.check(member, value[name], `${path}.${camel(name)}`);
  }

  private checkElements(shape: Shape, value: unknown[], path: string) {
    const member = shapeOf(shape.member ?? 'String');
    if (member.type === 'structure') {
      value.forEach((element, index) => {
        this.checkMembers(member, element as Record<string, unknown>, `${path}.${index + 1}.member`);
      });
      return;
    }
    const demands = constraintsOf(member);
    if (value.some((element) => element == null || demands.some((c) => !c.holds(element))))
      this.report(shape, value, path, `Member must satisfy constraint: [${listed(demands)}]`);
  }

  private checkPairs(shape: Shape, value: Record<string, unknown>, path: string) {
    const keys = constraintsOf(shapeOf(shape.key ?? 'String'));
    const values = constraintsOf(shapeOf(shape.value ?? 'String'));
    if (Object.keys(value).some((key) => keys.some((c) => !c.holds(key))))
      this.report(shape, value, path, `Map keys must satisfy constraint: [${listed(keys)}]`);
    if (Object.values(value).some((v) => values.some((c) => !c.holds(v))))
      this.report(shape, value, path, `Map value must satisfy constraint: [${listed(values)}]`);
  }
}

const listed = (constraints: Constraint[]) => [...constraints.map((c) => c.text), 'Member must not be null'].join(', ');

/** The JSON type that a body member must have before any constraint is looked at. */
function mistyped(shape: Shape, value: unknown): string | undefined {
  const actual = Array.isArray(value) ? 'list' : typeof value;
  switch (shape.type) {
    case 'string':
    case 'blob':
      return actual === 'string' ? undefined : `${jsonKind(value)} can not be converted to a String`;
    case 'integer':
    case 'long':
    case 'double':
      return actual === 'number' ? undefined : `${jsonKind(value)} can not be converted to ${numberKind(shape)}`;
    case 'timestamp':
      return actual === 'number' || actual === 'string'
        ? undefined
        : `${jsonKind(value)} can not be converted to a Date`;
    case 'boolean':
      return actual === 'boolean' ? undefined : `${jsonKind(value)} can not be converted to a Boolean`;
    case 'list':
      return actual === 'list' ? undefined : 'Expected list or null';
    default:
      return actual === 'object' ? undefined : 'Expected map or null';
  }
}

const numberKind = (shape: Shape) => ({ integer: 'an Integer', long: 'a Long' })[shape.type as string] ?? 'a Double';

function jsonKind(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return 'NUMBER_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}

/** Drops nulls (they mean "absent"), turns blobs into bytes and refuses values of the wrong JSON type. */
function convert(shapeName: string, value: unknown): unknown {
  const shape = shapeOf(shapeName);
  const problem = mistyped(shape, value);
  if (problem) throw serialization(problem);
  if (shape.type === 'blob') return decodeBase64(value as string);
  if (shape.type === 'list') return (value as unknown[]).map((v) => (v == null ? v : convert(shape.member ?? '', v)));
  if (shape.type === 'map') return convertPairs(value as object, () => shape.value);
  if (shape.type === 'structure') return convertPairs(value as object, (name) => shape.members?.[name]);
  return value;
}

function convertPairs(value: object, shapeFor: (name: string) => string | undefined): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const shape = shapeFor(name);
    if (shape !== undefined && member !== null) result[name] = convert(shape, member);
  }
  return result;
}

function decodeBase64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw serialization('Unable to decode the given value as base64');
  return Buffer.from(text, 'base64');
}

function fromText(shape: Shape, text: string, name: string): unknown {
  if (shape.type === 'integer' || shape.type === 'long') {
    if (!/^-?\d+$/.test(text)) throw serialization(`Unable to parse the value of ${name} as an integer`);
    return Number(text);
  }
  return text;
}

/** Reads an operation's members from a request and refuses, in AWS's words, what the model does not allow. */
export function readInput(operation: Operation, parts: RequestParts): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(operation.input)) {
    const wire = member.name ?? name;
    const shape = shapeOf(member.shape);
    let text: string | null | undefined;
    if (member.in === 'payload') continue;
    if (member.in === undefined) {
      const value = parts.body[wire];
      if (value !== undefined && value !== null) input[name] = convert(member.shape, value);
      continue;
    }
    if (member.in === 'querystring' && shape.type === 'list') {
      const all = parts.query.getAll(wire);
      if (all.length > 0) input[name] = all;
      continue;
    }
    if (member.in === 'uri') text = parts.uri[wire];
    if (member.in === 'querystring') text = parts.query.get(wire);
    if (member.in === 'header') text = parts.headers[wire.toLowerCase()];
    if (text !== null && text !== undefined) input[name] = fromText(shape, text, name);
  }
  inspect(operation, input);
  return input;
}

function inspect(operation: Operation, input: Record<string, unknown>) {
  const inspection = new Inspection();
  for (const [name, member] of Object.entries(operation.input)) {
    if (member.in === 'payload') continue;
    if (input[name] === undefined) {
      if (member.required) inspection.missing(camel(name));
    } else inspection.check(shapeFor(operation, name, member.shape, input[name]), input[name], camel(name));
  }
  if (inspection.problems.length > 0) throw validationFailed(inspection.problems);
}

/** A new function's bare name is limited to 64 characters; only its ARN may be as long as the model says. */
function shapeFor(operation: Operation, name: string, shape: string, value: unknown): string {
  const creating = operation.path === '/2015-03-31/functions' && operation.method === 'POST';
  return creating && name === 'FunctionName' && !String(value).includes(':') ? 'BareFunctionName' : shape;
}
