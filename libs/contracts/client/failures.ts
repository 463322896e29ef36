import type { Problem } from '../problem.js';

/** The API said no: `problem` has the code, the sentence and the remedy. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(readonly problem: Problem) {
    super(`${problem.detail} (${problem.code})`);
  }
  get code() {
    return this.problem.code;
  }
  get status() {
    return this.problem.status;
  }
}

/** No answer, or one that is not the API's: the address is wrong, the API is down, or something stands between. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
  constructor(
    readonly url: string,
    sentence: string,
    options?: ErrorOptions,
  ) {
    super(sentence, options);
  }
}
