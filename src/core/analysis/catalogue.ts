/**
 * The table of everything that can be wrong, in the order in which it is asked: the first rule that matches names the
 * problem, so what is graver or more certain stands above.
 */
import { assertDefined } from '../base/assert.js';
import { CO_PRIMARY } from './problems/co-primary.js';
import { DEAD_INTERMEDIATE } from './problems/dead-intermediate.js';
import { DEAD_PRIMARY } from './problems/dead-primary.js';
import { FAILING_REPLICA } from './problems/failing-replica.js';
import { GROUP_MEMBER } from './problems/group-member.js';
import { INTERMEDIATE_REPLICAS } from './problems/intermediate-replicas.js';
import { PRIMARY_REPLICAS } from './problems/primary-replicas.js';
import { SEMI_SYNC } from './problems/semi-sync.js';
import { STRUCTURE } from './problems/structure.js';
import type { StructureCode } from './problem.js';
import type { Rule, StructureRule } from './rule.js';

export const CATALOGUE: readonly Rule[] = [
  ...DEAD_PRIMARY,
  ...SEMI_SYNC,
  ...PRIMARY_REPLICAS,
  ...CO_PRIMARY,
  ...DEAD_INTERMEDIATE,
  ...INTERMEDIATE_REPLICAS,
  ...FAILING_REPLICA,
  ...GROUP_MEMBER,
];

export const STRUCTURE_CATALOGUE: readonly StructureRule[] = STRUCTURE;

const STRUCTURE_RULES = new Map(STRUCTURE_CATALOGUE.map((rule) => [rule.code, rule]));

export function structureRule(code: StructureCode): StructureRule {
  return assertDefined(STRUCTURE_RULES.get(code), `${code} has a rule`);
}
