/**
 * What a run has to commit, in order. Everything written between two commits goes to the log in one turn, so that it costs
 * one round of the quorum however much it is, and a commit waits for all that was written before it.
 */
import { schemaOf } from '../../../core/ledger/codec.js';
import type { Applied } from '../../../core/ledger/ledger.js';
import type { Proposal } from '../../replicated-ledger.js';
import { FIRST_SCHEMA } from '../../schema-gate.js';
import type { RecoveryLedger } from '../recovery-parts.js';

/** Refused by the state without harm: a demotion that is settled already is not settled twice. */
const HARMLESS = new Set<Proposal['kind']>(['demotion-changed', 'step-finished']);

export class Journal {
  readonly #ledger: Pick<RecoveryLedger, 'propose'>;
  #unsent: Proposal[];
  #trouble: string | null = null;
  #openingRefused: string | null = null;
  #sent: Promise<void> = Promise.resolve();

  constructor(ledger: Pick<RecoveryLedger, 'propose'>, prelude: readonly Proposal[]) {
    this.#ledger = ledger;
    this.#unsent = [...prelude];
  }

  /** Why the opening was not accepted: it is certain then that nothing was begun. Null when it was, or there was none. */
  get openingRefused(): string | null {
    return this.#openingRefused;
  }

  write(proposal: Proposal): void {
    this.#unsent.push(proposal);
  }

  /** Resolves with null when all that was written is committed and was accepted, else with the first trouble there was. */
  async commit(): Promise<string | null> {
    const batch = this.#unsent;
    this.#unsent = [];
    const committing = this.#commitAll(batch);
    this.#sent = Promise.all([this.#sent, committing]).then(() => undefined);
    await this.#sent;
    return this.#trouble;
  }

  /** Members may have to be asked whether they can read an opening of a newer kind; what follows must not overtake it. */
  async #commitAll(batch: readonly Proposal[]): Promise<void> {
    const [first, ...rest] = batch;
    const waits = first?.kind === 'recovery-opened' && schemaOf(first) > FIRST_SCHEMA;
    if (waits) await this.#commitOne(first);
    await Promise.all((waits ? rest : batch).map((proposal) => this.#commitOne(proposal)));
  }

  async #commitOne(proposal: Proposal): Promise<void> {
    try {
      const applied = await this.#ledger.propose(proposal);
      const refusal = refusalIn(applied);
      if (refusal !== null && proposal.kind === 'recovery-opened') this.#openingRefused = refusal;
      if (refusal !== null && !HARMLESS.has(proposal.kind)) this.#trouble ??= refusal;
    } catch (error) {
      this.#trouble ??= `${proposal.kind} was not committed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

function refusalIn({ facts }: Applied): string | null {
  return facts.find(({ kind }) => kind === 'rejected')?.text ?? null;
}
