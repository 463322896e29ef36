import { invalidContent } from '../lambda/errors.js';

const PREFIX = 'Could not parse request body into json: Could not parse payload into json: ';
const SOURCE = 'at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: ';
const EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/** Refuses a payload that is not JSON, in the words of the parser that the service uses. */
export function checkPayload(payload: Buffer): void {
  if (payload.length === 0) return;
  try {
    JSON.parse(payload.toString('utf8'));
  } catch {
    throw invalidContent(PREFIX + complaint(payload));
  }
}

function complaint(payload: Buffer): string {
  const text = payload.toString('latin1');
  const column = text.search(/\S/) + 1;
  const first = text.charCodeAt(Math.max(0, column - 1));
  const token = /^[A-Za-z_$][\w$]*/.exec(text.slice(column - 1))?.[0];
  if (column === 0) return `No content to map due to end-of-input\n ${SOURCE}0]`;
  if (token !== undefined && !['true', 'false', 'null'].includes(token))
    return `Unrecognized token '${token}': was expecting ${EXPECTED}\n ${SOURCE}${column + token.length}]`;
  if ('{["'.includes(text.charAt(column - 1)) || (first >= 48 && first <= 57))
    return `Unexpected end-of-input or character in ${KIND[text.charAt(column - 1)] ?? 'a number'}\n ${SOURCE}${text.length + 1}]`;
  return `Unexpected character (${shown(first)}): expected a valid value ${EXPECTED}\n ${SOURCE}${column}]`;
}

const KIND: Record<string, string> = { '{': 'an object', '[': 'an array', '"': 'a string' };

function shown(code: number): string {
  const control = code < 32 || (code >= 127 && code < 160);
  return control ? `(CTRL-CHAR, code ${code})` : `'${String.fromCharCode(code)}' (code ${code})`;
}
