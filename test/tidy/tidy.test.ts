import { existsSync, readFileSync } from 'node:fs';
import { environmentSchema } from '#runtime';
import { FILE_LIMIT, FUNCTION_LIMIT, type Oversize, oversizeFiles, oversizeFunctions } from './sizes.js';
import { isCode, isTest, linesMatching, repositoryFiles } from './source-files.js';
import { deskWordsIn, synonymsIn, unfinishedIn } from './words.js';

const everything = repositoryFiles();
const code = everything.filter(isCode);
/** The emulator's bootstraps are the text of programs that run inside a function's process, where none of this exists. */
const foreign = /^apps\/emulator\/runtime\/\w+-bootstrap\.ts$/;
const rooms = code.filter((file) => /^(apps|libs)\//.test(file.path) && !isTest(file) && !foreign.test(file.path));
/** The rules about words have to spell out the words. */
const prose = everything.filter((file) => !file.path.startsWith('test/tidy/'));

describe('names', () => {
  test('no folder is called common, shared, utils, core or types', () => {
    const vague = everything.filter((file) =>
      /(^|\/)(common|shared|utils?|helpers?|core|types|misc)\//.test(file.path),
    );
    expect(vague.map((file) => file.path)).toEqual([]);
  });

  test('one noun per thing: the synonyms that the vocabulary replaced do not come back', () => {
    // The emulator speaks Amazon's language, not ours; the dashboard's styles speak CSS.
    const ours = prose.filter((file) => isCode(file) && !/^apps\/emulator\/|\.css$/.test(file.path));
    expect(synonymsIn(ours)).toEqual([]);
  });

  test('nothing promises to be finished later', () => {
    expect(unfinishedIn(prose.filter((file) => !isTest(file) && (isCode(file) || file.path.endsWith('.md'))))).toEqual(
      [],
    );
  });

  test('nothing speaks of the desk it was written at', () => {
    expect(deskWordsIn(prose)).toEqual([]);
  });
});

describe('time and environment', () => {
  test('only clock files read the time or wait', () => {
    const clockless = rooms.filter((file) => !/(^|\/)clock\.[tj]s$/.test(file.path));
    expect(
      linesMatching(clockless, /\bDate\.now\(|\bnew Date\(\)|\bset(Timeout|Interval)\(|\bperformance\.now\(/),
    ).toEqual([]);
  });

  test('only config files read the environment (a main file may hand it to its config file)', () => {
    const configless = rooms.filter((file) => !/(^|\/)(config|main)\.ts$/.test(file.path));
    expect(linesMatching(configless, /\bprocess\.env\b/)).toEqual([]);
  });

  test('.env.example names every setting, and no other', () => {
    const named = [...readFileSync('.env.example', 'utf8').matchAll(/^#?\s?([A-Z][A-Z0-9_]+)=/gm)].map(
      (match) => match[1],
    );
    const known = Object.keys(environmentSchema.shape);
    // The AWS SDK reads these two itself; they are shown because real AWS needs them.
    const sdk = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
    expect(named.filter((name) => !sdk.includes(name ?? '')).sort()).toEqual(known.sort());
  });

  test("the README's configuration table names every setting", () => {
    const readme = existsSync('README.md') ? readFileSync('README.md', 'utf8') : '';
    expect(Object.keys(environmentSchema.shape).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('tests', () => {
  test('no test is skipped, singled out or left empty', () => {
    const tests = everything.filter((file) => isTest(file) && !file.path.startsWith('test/tidy/'));
    expect(
      linesMatching(tests, /\b(test|it|describe)\.(skip|only|todo)\b|\b(xit|xtest|xdescribe|fit|fdescribe)\(/),
    ).toEqual([]);
  });
});

describe('sizes', () => {
  /**
   * What is over the limit today, with its size. The numbers may only shrink: a file or function that grows, or a new
   * one over the limit, fails; one that came below is to be taken off the list.
   */
  const ratchet: Oversize = JSON.parse(readFileSync('test/tidy/oversize.json', 'utf8'));
  const now = { ...oversizeFiles(code), ...oversizeFunctions(rooms) };

  test(`no file grows over ${FILE_LIMIT} lines, no function over ${FUNCTION_LIMIT}`, () => {
    expect(Object.entries(now).filter(([name, lines]) => lines > (ratchet[name] ?? 0))).toEqual([]);
  });

  test('what came below the limit is taken off the list', () => {
    expect(Object.keys(ratchet).filter((name) => !(name in now))).toEqual([]);
  });
});
