// Plans by which an operator changes one server, and back when it is over.
import { ask, done, inPath, type PlanKind, twoReplicas } from '../plan-kind.js';

const restart: PlanKind = {
  name: 'restart-replica',
  kind: 'switch',
  statements: 8,
  begin: (stage) => ask(stage, `/api/restart-replica/${inPath(twoReplicas(stage)[0])}`),
};

const setReadOnly: PlanKind = {
  name: 'set-read-only',
  kind: 'switch',
  statements: 4,
  begin: (stage) => ask(stage, `/api/set-read-only/${inPath(stage.primary)}`),
  restore: (stage) => done(stage, `/api/set-writeable/${inPath(stage.primary)}`),
};

const delay: PlanKind = {
  name: 'delay-replication',
  kind: 'switch',
  statements: 8,
  begin: (stage) => ask(stage, `/api/delay-replication/${inPath(twoReplicas(stage)[0])}/1`),
  restore: (stage) => done(stage, `/api/delay-replication/${inPath(twoReplicas(stage)[0])}/0`),
};

export const SWITCHES: readonly PlanKind[] = [restart, setReadOnly, delay];
