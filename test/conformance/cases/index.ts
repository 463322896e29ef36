import type { Case } from '../table.js';
import { aliasCases } from './aliases.js';
import { concurrencyCases } from './concurrency.js';
import { functionCases } from './functions.js';
import { invokingCases } from './invoking.js';
import { mappingCases } from './mappings.js';
import { policyAndTagCases } from './policies-and-tags.js';
import { updateCases } from './updates.js';

export const cases: Case[] = [
  ...functionCases,
  ...updateCases,
  ...aliasCases,
  ...policyAndTagCases,
  ...concurrencyCases,
  ...mappingCases,
  ...invokingCases,
];
