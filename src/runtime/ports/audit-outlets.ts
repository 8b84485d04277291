/** Where audit lines go besides the state, which every node has: a file, the system's log. */
export interface AuditEntry {
  /** Rises by one; the same on every node. */
  readonly number: number;
  /** Wall clock of the leader, milliseconds. */
  readonly atMs: number;
  readonly kind: string;
  /** '' and 0 where the line is about no server. */
  readonly host: string;
  readonly port: number;
  readonly cluster: string;
  readonly text: string;
}

export interface AuditOutlet {
  /** In their order; what was written before is passed over. Rejects when they could not be written, and gets them again. */
  write(entries: readonly AuditEntry[]): Promise<void>;
}
