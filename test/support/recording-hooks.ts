/** A runner of hooks that runs nothing and remembers what it was asked. */
import type { HookEvent, HookFacts, HookList } from '../../src/core/recovery/telling/hook-terms.js';
import type { StepOutcome } from '../../src/core/recovery/step.js';
import { OperationalError } from '../../src/runtime/errors.js';
import type { HookOrder, HookRunner } from '../../src/runtime/ports/hooks.js';

export const ALL_LISTS: readonly HookList[] = [
  'on-detection',
  'before-takeover',
  'before-failover',
  'after-primary',
  'after-intermediate',
  'after-success',
  'after-failure',
  'after-takeover',
  'after-role-swap',
];

export const NO_FACTS: HookFacts = {
  failureType: 'DeadMaster',
  description: '',
  role: 'primary',
  command: '',
  failed: { host: 'db1', port: 3306 },
  clusterName: 'db1:3306',
  clusterAlias: 'shop',
  clusterDomain: '',
  replicas: [],
  isDowntimed: false,
  automaticPrimary: true,
  automaticIntermediate: false,
  aliases: {},
};

export class RecordingHooks implements HookRunner {
  readonly configured: ReadonlySet<HookList>;
  /** Begun, in order. */
  readonly runs: { readonly list: HookList; readonly event: HookEvent }[] = [];
  readonly failing = new Set<HookList>();
  /** What happens while a list runs, and after it was run. */
  during: (list: HookList) => Promise<void> | void = () => undefined;

  constructor(lists: readonly HookList[] = ALL_LISTS) {
    this.configured = new Set(lists);
  }

  get lists(): readonly HookList[] {
    return this.runs.map(({ list }) => list);
  }

  async run({ list, event, confirm, signal }: HookOrder): Promise<StepOutcome> {
    try {
      await confirm();
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      return { ok: false, code: 'authority', error: error.message, retriable: true };
    }
    this.runs.push({ list, event });
    await this.during(list);
    if (signal.aborted) return { ok: false, code: 'authority', error: 'stopped', retriable: true };
    if (!this.failing.has(list)) return { ok: true, findings: { text: '1 done', lines: [`ran ${list}`] } };
    return { ok: false, code: 'hook', error: `${list} said no`, retriable: false };
  }
}
